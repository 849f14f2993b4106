#include "runtime/engine/threaded/replays.h"

#include <utility>

#include "runtime/base/clock.h"
#include "runtime/engine/pending/outcome.h"

namespace tenter {

PendingOp* Replays::Prepare(const ProgramPtr& program, FailureScope* scope) {
  auto* const captured = static_cast<CapturedProgram*>(program.get());
  PendingOp* const op = pool_->Take();
  Access* access;
  try {
    access = op->ReserveAccesses(captured->slots_.size());
  } catch (...) {
    pool_->Give(op);
    throw;
  }
  for (const CapturedProgram::Slot& slot : captured->slots_)
    *access++ = {
        .var = slot.var, .mode = slot.written ? AccessMode::kUpdate : AccessMode::kRead, .op = op};
  op->access_count = static_cast<uint32_t>(captured->slots_.size());
  op->SetName("replay");
  op->priority = 0;
  op->deletes_var = false;
  op->deadline_ns = captured->has_deadlines_ ? NowNs() : 0;  // where those of its nodes begin
  op->role = PendingOp::Role::kReplay;
  op->scope = scope;
  op->program = captured;
  // The body is never called; it keeps the program alive until the replay has ended.
  op->body = [keep = program](const OpContext&) {};
  return op;
}

PendingOp* Replays::Start(PendingOp* op) {
  CapturedProgram& program = *op->program;
  program.replay_ = op;
  program.nodes_open_.Store(static_cast<uint32_t>(program.size()), kRelaxed);
  program.users_.Store(program.async_nodes_ + 1, kRelaxed);
  for (CapturedProgram::Slot& slot : program.slots_)
    slot.poison = dependencies_->PoisonIn(slot.var.index);
  uint64_t number = op->push_number.Load(kRelaxed);
  for (const auto& node : program.nodes_) {
    node->push_number.Store(number++, kRelaxed);
    node->epoch = op->epoch;
    node->scope = op->scope;
    node->waiting_for.Store(node->waits_for_nodes, kRelaxed);
    node->deadline_ns = DeadlineOf(node->timeout_ns, op->deadline_ns);
  }
  PendingOp* const first = program.roots_[0];
  // The others may start and end the program only after the first has run, so `program` stays.
  for (size_t i = 1; i < program.roots_.size(); ++i) ready_->Add(program.roots_[i]);
  return first;
}

PendingOp* Replays::EndNode(ProgramNode* node, const PoisonPtr& poison, int worker) {
  CapturedProgram* const program = node->program;
  for (const Access& access : node->accesses())
    if (Writes(access.mode)) {
      PoisonPtr& left = program->slots_[access.slot].poison;
      if (left != poison) left = poison;
    }
  PendingOp* next = nullptr;
  for (ProgramNode* successor : node->successors) ends_->CountDown(*node, successor, worker, &next);
  if (!node->body.is_async()) node->phase.Store(PendingOp::Phase::kFree, kRelaxed);
  if (program->nodes_open_.FetchSub(1, kAcqRel) != 1) return next;
  return EndReplay(program, worker);  // the last node has no successor
}

// All nodes have ended: hands on everything but the var of the program itself, which keeps the next
// replay from starting while a handle or a body still uses a node of this one.
PendingOp* Replays::EndReplay(CapturedProgram* program, int worker) {
  PendingOp* const replay = program->replay_;
  const size_t size = program->size();
  const uint8_t epoch = replay->epoch;
  FailureScope* const scope = replay->scope;
  PendingOp* next = nullptr;
  for (Access& access : replay->accesses()) {
    CapturedProgram::Slot& slot = program->slots_[&access - replay->accesses().data()];
    const PoisonPtr poison = std::exchange(slot.poison, nullptr);
    if (slot.var != program->self_) ends_->Complete(*replay, &access, poison, worker, &next);
  }
  UserGone(program, worker, &next);
  LeaveScope(scope, size);
  ends_->CountEnded(epoch, size, worker);
  return next;
}

void Replays::UserGone(CapturedProgram* program, int worker, PendingOp** next) {
  if (program->users_.FetchSub(1, kAcqRel) != 1) return;
  PendingOp* const replay = program->replay_;
  OpBody keeps_program = std::move(replay->body);
  for (Access& access : replay->accesses())
    if (access.var == program->self_) ends_->Complete(*replay, &access, nullptr, worker, next);
  replay->role = PendingOp::Role::kSingle;
  pool_->Give(replay);
}

}  // namespace tenter
