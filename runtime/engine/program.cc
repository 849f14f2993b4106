#include "runtime/engine/program.h"

#include <algorithm>
#include <utility>

#include "runtime/engine/pending/captured_program.h"
#include "runtime/engine/pending/push_rules.h"

namespace tenter {

Recording::Recording() = default;
Recording::~Recording() = default;
Recording::Recording(Recording&& other) noexcept = default;
Recording& Recording::operator=(Recording&& other) noexcept = default;

void Recording::Push(Op&& op) {
  auto node = std::make_unique<ProgramNode>();
  node->SetName(op.name);
  Access* const accesses = node->ReserveAccesses(op.reads.size() + op.writes.size());
  node->access_count =
      static_cast<uint32_t>(NormaliseAccesses(op.reads, op.writes, accesses, node->keys()));
  node->timeout_ns = op.timeout_ns;
  node->body = std::move(op.body);
  nodes_.push_back(std::move(node));
}

bool Recording::has_deadlines() const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [](const auto& node) { return node->timeout_ns > 0; });
}

Status Recording::Check() const {
  if (nodes_.empty()) return {StatusCode::kInvalidArgument, "nothing was recorded"};
  for (const auto& node : nodes_)
    if (!node->body) return NoBody(node->name());
  return {};
}

}  // namespace tenter
