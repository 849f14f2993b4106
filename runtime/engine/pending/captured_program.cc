#include "runtime/engine/pending/captured_program.h"

#include <algorithm>
#include <new>
#include <optional>
#include <tuple>
#include <utility>

#include "runtime/engine/engine.h"
#include "runtime/engine/pending/push_rules.h"

namespace tenter {

void ProgramList::Add(const CapturedProgram* program) {
  SmallMutexLock lock(mutex_);
  programs_.push_back(program);
}

void ProgramList::Remove(const CapturedProgram* program) {
  SmallMutexLock lock(mutex_);
  programs_.erase(std::find(programs_.begin(), programs_.end(), program));
}

Result<Var> ProgramList::NewVar(Engine* engine) {
  {
    SmallMutexLock lock(mutex_);
    if (!kept_.empty()) {
      const Var var = kept_.back();
      kept_.pop_back();
      ++vars_;
      return var;
    }
    if (kept_.capacity() < vars_ + 1) kept_.reserve(2 * (vars_ + 1));
    ++vars_;
  }
  Result<Var> made = engine->NewVar();
  if (made.ok()) return made;
  SmallMutexLock lock(mutex_);
  --vars_;
  return made;
}

void ProgramList::DropVar(Engine* engine, Var var) {
  const Status deleted = engine->DeleteVar(var);
  SmallMutexLock lock(mutex_);
  --vars_;
  if (deleted.code() == StatusCode::kResourceExhausted) kept_.push_back(var);
}

CapturedProgram::CapturedProgram(Engine* engine, Var self, Recording recording, ProgramList* list)
    : engine_(engine),
      self_(self),
      list_(list),
      has_deadlines_(recording.has_deadlines()),
      nodes_(std::move(recording.nodes_)) {
  for (const auto& node : nodes_) {
    node->program = this;
    async_nodes_ += node->body.is_async() ? 1 : 0;
  }
  AssignSlots();
  AddEdges();
  list_->Add(this);
}

Result<ProgramPtr> MakeProgram(Engine* engine, Recording recording, ProgramList* list) {
  TENTER_RETURN_IF_ERROR(recording.Check());
  std::optional<Var> self;
  try {
    TENTER_ASSIGN_OR_RETURN(self, list->NewVar(engine));
    return ProgramPtr(std::make_shared<CapturedProgram>(engine, *self, std::move(recording), list));
  } catch (const std::bad_alloc&) {
    if (self) list->DropVar(engine, *self);
    return NoMemoryFor("a captured program");
  }
}

CapturedProgram::~CapturedProgram() {
  list_->Remove(this);
  list_->DropVar(engine_, self_);
}

void CapturedProgram::AssignSlots() {
  slots_.push_back({self_, true});
  for (const auto& node : nodes_)
    for (const Access& access : node->accesses())
      slots_.push_back({access.var, Writes(access.mode)});
  const auto before = [](const Slot& a, const Slot& b) {
    return std::tie(a.var.index, a.var.generation) < std::tie(b.var.index, b.var.generation);
  };
  std::sort(slots_.begin(), slots_.end(), before);
  size_t distinct = 0;
  for (size_t i = 1; i < slots_.size(); ++i) {
    if (slots_[i].var == slots_[distinct].var)
      slots_[distinct].written |= slots_[i].written;
    else
      slots_[++distinct] = slots_[i];
  }
  slots_.resize(distinct + 1);
  for (const auto& node : nodes_)
    for (Access& access : node->accesses()) {
      const auto slot = std::lower_bound(slots_.begin(), slots_.end(), Slot{access.var}, before);
      access.slot = static_cast<uint32_t>(slot - slots_.begin());
    }
}

void CapturedProgram::Connect(ProgramNode* from, ProgramNode* to,
                              std::vector<ProgramNode*>* connected) {
  if (from == nullptr || from == to) return;
  if (std::find(connected->begin(), connected->end(), from) != connected->end()) return;
  connected->push_back(from);
  from->successors.push_back(to);
  ++to->waits_for_nodes;
  ++edges_;
}

// A read follows the last write; a write follows the reads since then, or the last write itself.
void CapturedProgram::AddEdges() {
  struct History {
    ProgramNode* writer = nullptr;
    std::vector<ProgramNode*> readers;
  };
  std::vector<History> histories(slots_.size());
  for (const auto& node : nodes_) {
    std::vector<ProgramNode*> connected;
    for (const Access& access : node->accesses()) {
      History& history = histories[access.slot];
      if (!Writes(access.mode)) {
        Connect(history.writer, node.get(), &connected);
        history.readers.push_back(node.get());
        continue;
      }
      for (ProgramNode* reader : history.readers) Connect(reader, node.get(), &connected);
      if (history.readers.empty()) Connect(history.writer, node.get(), &connected);
      history = {.writer = node.get(), .readers = {}};
    }
    if (node->waits_for_nodes == 0) roots_.push_back(node.get());
  }
}

}  // namespace tenter
