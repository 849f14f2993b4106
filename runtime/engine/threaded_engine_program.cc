// Captured programs in ThreadedEngine: a replay is one pending op over all vars of the program; its
// nodes are run like ops, and ended by counting down their successors instead of asking the vars.
#include <new>
#include <utility>

#include "runtime/engine/push_rules.h"
#include "runtime/engine/threaded_engine.h"

namespace tenter {

Result<ProgramPtr> ThreadedEngine::Capture(Recording recording) {
  if (recording.has_deadlines()) TENTER_RETURN_IF_ERROR(deadlines_.Start());
  return MakeProgram(this, std::move(recording), &programs_);
}

Result<uint64_t> ThreadedEngine::Replay(const ProgramPtr& program) {
  FlushMyBulks();
  ForkGateLock inside(gate_);
  PendingOp* op = nullptr;
  try {
    op = pool_.Take();
    Access* access = op->ReserveAccesses(program->slots_.size());
    for (const Program::Slot& slot : program->slots_)
      *access++ = {.var = slot.var,
                   .mode = slot.written ? AccessMode::kUpdate : AccessMode::kRead,
                   .op = op};
  } catch (const std::bad_alloc&) {
    if (op != nullptr) pool_.Give(op);
    return NoMemoryFor("a replay");
  }
  op->access_count = static_cast<uint32_t>(program->slots_.size());
  op->SetName("replay");
  op->priority = 0;
  op->deletes_var = false;
  op->deadline_ns = program->has_deadlines_ ? NowNs() : 0;  // where those of its nodes begin
  op->role = PendingOp::Role::kReplay;
  op->program = program.get();
  // The body is never called; it keeps the program alive until the replay has ended.
  op->body = [keep = program](const OpContext&) {};
  return Enqueue(op, program->size());
}

PendingOp* ThreadedEngine::StartReplay(PendingOp* op) {
  Program& program = *op->program;
  program.replay_ = op;
  program.nodes_left_.Store(static_cast<uint32_t>(program.size()), kRelaxed);
  for (Program::Slot& slot : program.slots_) slot.poison = vars_.Slot(slot.var.index).poison;
  uint64_t number = op->push_number.Load(kRelaxed);
  for (const auto& node : program.nodes_) {
    node->push_number.Store(number++, kRelaxed);
    node->epoch = op->epoch;
    node->waiting_for.Store(node->waits_for_nodes, kRelaxed);
    node->deadline_ns = node->timeout_ns > 0 ? op->deadline_ns + node->timeout_ns : 0;
  }
  PendingOp* const first = program.roots_[0];
  // The others may start and end the program only after the first has run, so `program` stays.
  for (size_t i = 1; i < program.roots_.size(); ++i) MakeReady(program.roots_[i]);
  return first;
}

// Ends a node: its slots, then its successors. The node stays in use until NodeReleased.
PendingOp* ThreadedEngine::EndNode(ProgramNode* node, const PoisonPtr& poison, bool on_worker) {
  for (const Access& access : node->accesses())
    if (Writes(access.mode)) {
      PoisonPtr& left = node->program->slots_[access.slot].poison;
      if (left != poison) left = poison;
    }
  PendingOp* next = nullptr;
  for (ProgramNode* successor : node->successors) {
    if (tracer_ != nullptr) [[unlikely]]
      tracer_->Released(node->push_number.Load(kRelaxed), successor->push_number.Load(kRelaxed));
    if (successor->waiting_for.FetchSub(1, kAcqRel) != 1) continue;
    if (next == nullptr && on_worker)
      next = successor;
    else
      MakeReady(successor);
  }
  return next;
}

// The last node that is released ends the replay; returns what is ready then, for a worker.
PendingOp* ThreadedEngine::NodeReleased(ProgramNode* node, int index) {
  Program& program = *node->program;
  node->phase.Store(PendingOp::Phase::kFree, kRelaxed);
  if (program.nodes_left_.FetchSub(1, kAcqRel) != 1) return nullptr;
  PendingOp* const replay = program.replay_;
  const size_t size = program.size();
  const uint8_t epoch = replay->epoch;
  PendingOp* const next = EndReplay(replay, index);
  replay->role = PendingOp::Role::kSingle;
  replay->body.Reset();  // the program may be gone from here on
  pool_.Give(replay);
  CountEnded(epoch, size, index);
  return next;
}

PendingOp* ThreadedEngine::EndReplay(PendingOp* replay, int index) {
  Program& program = *replay->program;
  PendingOp* next = nullptr;
  for (Access& access : replay->accesses()) {
    Program::Slot& slot = program.slots_[&access - replay->accesses().data()];
    HandOn(*replay, Complete(replay, &access, std::exchange(slot.poison, nullptr)), index, &next);
  }
  return next;
}

}  // namespace tenter
