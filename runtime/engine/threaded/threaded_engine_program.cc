// Captured programs in ThreadedEngine: a replay is one pending op over all vars of the program; its
// nodes are run like ops, and ended by counting down their successors instead of asking the vars.
#include <new>
#include <utility>

#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/sites.h"
#include "runtime/engine/threaded/threaded_engine.h"

namespace tenter {

Result<ProgramPtr> ThreadedEngine::Capture(Recording recording) {
  if (recording.has_deadlines()) TENTER_RETURN_IF_ERROR(deadlines_.Start());
  return MakeProgram(this, std::move(recording), &programs_);
}

Result<uint64_t> ThreadedEngine::Replay(const ProgramPtr& program, FailureScope* scope) {
  FlushMyBulks();
  ForkGateLock inside(gate_);
  auto* const captured = static_cast<CapturedProgram*>(program.get());
  PendingOp* op = nullptr;
  try {
    TENTER_HIT(probe_, engine_sites::kPushAllocate, .op = "replay");
    op = pool_.Take();
    Access* access = op->ReserveAccesses(captured->slots_.size());
    for (const CapturedProgram::Slot& slot : captured->slots_)
      *access++ = {.var = slot.var,
                   .mode = slot.written ? AccessMode::kUpdate : AccessMode::kRead,
                   .op = op};
  } catch (const std::bad_alloc&) {
    if (op != nullptr) pool_.Give(op);
    return NoMemoryFor("a replay");
  }
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
  return Enqueue(op, program->size());
}

PendingOp* ThreadedEngine::StartReplay(PendingOp* op) {
  CapturedProgram& program = *op->program;
  program.replay_ = op;
  program.nodes_open_.Store(static_cast<uint32_t>(program.size()), kRelaxed);
  program.users_.Store(program.async_nodes_ + 1, kRelaxed);
  for (CapturedProgram::Slot& slot : program.slots_)
    slot.poison = vars_.Slot(slot.var.index).poison;
  uint64_t number = op->push_number.Load(kRelaxed);
  for (const auto& node : program.nodes_) {
    node->push_number.Store(number++, kRelaxed);
    node->epoch = op->epoch;
    node->scope = op->scope;
    node->waiting_for.Store(node->waits_for_nodes, kRelaxed);
    node->deadline_ns = node->timeout_ns > 0 ? op->deadline_ns + node->timeout_ns : 0;
  }
  PendingOp* const first = program.roots_[0];
  // The others may start and end the program only after the first has run, so `program` stays.
  for (size_t i = 1; i < program.roots_.size(); ++i) MakeReady(program.roots_[i]);
  return first;
}

// Ends a node: its slots, then its successors; the last one ends the replay. A node that is not
// async may be gone afterwards, with its program.
PendingOp* ThreadedEngine::EndNode(ProgramNode* node, const PoisonPtr& poison, int index) {
  CapturedProgram* const program = node->program;
  for (const Access& access : node->accesses())
    if (Writes(access.mode)) {
      PoisonPtr& left = program->slots_[access.slot].poison;
      if (left != poison) left = poison;
    }
  PendingOp* next = nullptr;
  for (ProgramNode* successor : node->successors) {
    if (tracer_ != nullptr) [[unlikely]]
      tracer_->Released(node->push_number.Load(kRelaxed), successor->push_number.Load(kRelaxed));
    if (successor->waiting_for.FetchSub(1, kAcqRel) != 1) continue;
    if (next == nullptr && index != kOutside)
      next = successor;
    else
      MakeReady(successor);
  }
  if (!node->body.is_async()) node->phase.Store(PendingOp::Phase::kFree, kRelaxed);
  if (program->nodes_open_.FetchSub(1, kAcqRel) != 1) return next;
  return EndReplay(program, index);  // the last node has no successor
}

// All nodes have ended: hands on everything but the var of the program itself, which keeps the next
// replay from starting while a handle or a body still uses a node of this one.
PendingOp* ThreadedEngine::EndReplay(CapturedProgram* program, int index) {
  PendingOp* const replay = program->replay_;
  const size_t size = program->size();
  const uint8_t epoch = replay->epoch;
  FailureScope* const scope = replay->scope;
  PendingOp* next = nullptr;
  for (Access& access : replay->accesses()) {
    CapturedProgram::Slot& slot = program->slots_[&access - replay->accesses().data()];
    const PoisonPtr poison = std::exchange(slot.poison, nullptr);
    if (slot.var != program->self_)
      HandOn(*replay, Complete(replay, &access, poison), index, &next);
  }
  ProgramUserGone(program, index, &next);
  LeaveScope(scope, size);
  CountEnded(epoch, size, index);
  return next;
}

// An async node that nobody uses any more, or the end of the replay. The last lets the program go.
void ThreadedEngine::ProgramUserGone(CapturedProgram* program, int index, PendingOp** next) {
  if (program->users_.FetchSub(1, kAcqRel) != 1) return;
  PendingOp* const replay = program->replay_;
  OpBody keeps_program = std::move(replay->body);
  for (Access& access : replay->accesses())
    if (access.var == program->self_)
      HandOn(*replay, Complete(replay, &access, nullptr), index, next);
  replay->role = PendingOp::Role::kSingle;
  pool_.Give(replay);
}

}  // namespace tenter
