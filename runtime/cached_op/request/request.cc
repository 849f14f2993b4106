#include "runtime/cached_op/request.h"

#include <optional>
#include <utility>

#include "runtime/cached_op/step_body.h"

namespace tenter {

Status Request::RunOnEngine(Engine* engine) {
  // No op has been pushed, so this wait returns at once; but inside an op it is refused (ENG-7),
  // and so is the request.
  TENTER_RETURN_IF_ERROR(engine->AwaitVar(arena_->end_var()).status());
  TENTER_RETURN_IF_ERROR(arena_->Bind(number_, inputs_, probe_));
  if (const Status pushed = Push(engine); !pushed.ok())
    return {pushed.code(), "request " + std::to_string(number_) + ": " + pushed.message()};
  TENTER_ASSIGN_OR_RETURN(const PoisonPtr poison, engine->AwaitVar(arena_->end_var()));
  if (poison == nullptr) return {};
  TENTER_RETURN_IF_ERROR(arena_->scope()->Forget());  // answered here
  return Describe(OpOf(poison->root()->push_number()), poison->root()->thrown());
}

Status Request::Push(Engine* engine) {
  for (size_t number = 0; number < plan_.ops().size(); ++number) {
    ArenaOp& op = arena_->op(number);
    TENTER_ASSIGN_OR_RETURN(op.push_number, engine->Push({.name = plan_.ops()[number].name,
                                                          .reads = op.reads,
                                                          .writes = op.writes,
                                                          .scope = arena_->scope(),
                                                          .body = OpOfRequest(arena_, number)}));
  }
  return {};
}

Status Request::RunInline() {
  TENTER_RETURN_IF_ERROR(arena_->Bind(number_, inputs_, probe_));
  try {
    RunOp(*arena_, 0, -1, {});
  } catch (...) {
    return Describe(0, Thrown::Current());
  }
  return {};
}

size_t Request::OpOf(uint64_t push_number) const {
  for (size_t number = 0; number < plan_.ops().size(); ++number)
    if (arena_->op(number).push_number == push_number) return number;
  TENTER_CHECK(false, "a request fails with what no op of it failed with");
}

// Empty when no node of the op was running: it was cancelled before.
std::string Request::NodeOf(size_t op) const {
  for (size_t number = plan_.ops()[op].first; number < plan_.ops()[op].end; ++number) {
    const PlanStep& step = plan_.steps()[number];
    const std::optional<size_t> at_node = arena_->step(number).at_node;
    if (at_node)
      return (step.nodes.empty() ? "node '" + step.name + "'" : NameOf(step.nodes[*at_node])) +
             ": ";
  }
  return "";
}

Status Request::Describe(size_t op, const Thrown& thrown) const {
  const Status status = thrown.ToStatus();
  return {status.code(),
          "request " + std::to_string(number_) + ": " + NodeOf(op) + status.message()};
}

}  // namespace tenter
