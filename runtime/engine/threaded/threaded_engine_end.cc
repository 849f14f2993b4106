// The end of an op in ThreadedEngine: what it leaves in its vars, and who becomes ready.
#include <utility>

#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/threaded/threaded_engine.h"
#include "runtime/engine/var/var_waiter.h"

namespace tenter {
namespace {

// Takes the waiting threads out of a list of grants and lets them go with the var's poison. They
// hold nothing, so what follows them in the list was granted too.
Access* GrantWaiters(Access* granted, const PoisonPtr& poison) {
  Access* ops = nullptr;
  Access** last = &ops;
  while (granted != nullptr) {
    Access* const next = granted->next;  // a waiter is gone once it is granted
    if (granted->mode == AccessMode::kWait) {
      static_cast<VarWaiter*>(granted)->Grant(poison);
    } else {
      *last = granted;
      last = &granted->next;
    }
    granted = next;
  }
  *last = nullptr;
  return ops;
}

}  // namespace

// Ends `op`; its block stays valid. Returns a dependent for the worker to run next, or null.
PendingOp* ThreadedEngine::End(PendingOp* op, Outcome outcome, int index) {
  FailureScope* const scope = op->scope;
  Tally& tally = index == kOutside ? tallies_.back() : tallies_[index];
  PoisonPtr poison = RecordOutcome(op, std::move(outcome), tally);
  if (op->is_node()) return EndNode(static_cast<ProgramNode*>(op), poison, index);
  PendingOp* next = nullptr;
  if (op->deletes_var) poison = nullptr;  // nothing is left to poison when its deleter failed
  for (Access& access : op->accesses()) HandOn(*op, Complete(op, &access, poison), index, &next);
  if (op->priority != 0) prioritised_pending_.FetchSub(1, kRelaxed);
  LeaveScope(scope, 1);
  CountEnded(op->epoch, 1, index);
  return next;
}

// Makes ready what waited for nothing but these grants. A worker keeps the first for itself.
void ThreadedEngine::HandOn(const PendingOp& op, Access* granted, int index, PendingOp** next) {
  while (granted != nullptr) {
    PendingOp* const dependent = granted->op;
    granted = granted->next;  // before the op may run, and its access be reused
    if (tracer_ != nullptr) [[unlikely]]
      tracer_->Released(op.push_number.Load(kRelaxed), dependent->push_number.Load(kRelaxed));
    if (dependent->waiting_for.FetchSub(1, kAcqRel) != 1) continue;
    if (*next == nullptr && index != kOutside && dependent->priority == 0)
      *next = dependent;
    else
      MakeReady(dependent);
  }
}

// Last of all: whoever waits for all may return from here on.
void ThreadedEngine::CountEnded(uint8_t epoch, uint64_t ops, int index) {
  Tally& tally = index == kOutside ? tallies_.back() : tallies_[index];
  tally.Count(&tally.ended[epoch], ops, kRelease);
  if (index == kOutside && epochs_.awaited()) epochs_.Check(tallies_);
}

// Ends one access of `op`; returns the ops that it was granted to, linked by next.
Access* ThreadedEngine::Complete(PendingOp* op, Access* access, const PoisonPtr& poison) {
  const uint32_t index = access->var.index;
  VarState& state = vars_.Slot(index);
  PoisonPtr before;  // destroyed without the lock, since an exception is the user's
  Access* granted;
  {
    SmallMutexLock lock(state.mutex);
    if (Writes(access->mode) && state.poison != poison)
      before = std::exchange(state.poison, poison);
    granted = GrantWaiters(state.queue.Complete(access), state.poison);
    if (!op->deletes_var) return granted;
    state.live = false;
    state.deleting = false;
    ++state.generation;
  }
  vars_.Remove(index);
  return granted;
}

PoisonPtr ThreadedEngine::RecordOutcome(PendingOp* op, Outcome outcome, Tally& tally) {
  switch (outcome.decision) {
    case Decision::kRun:
    case Decision::kLate:
      tally.Count(&tally.ran, 1, kRelease);
      break;
    case Decision::kSkip:
      tally.Count(&tally.skipped, 1, kRelease);
      break;
    case Decision::kCancel:
      tally.Count(&tally.cancelled, 1, kRelease);
      break;
  }
  // Under the skip policy an op that ran had no poisoned input.
  const bool healthy = outcome.decision == Decision::kRun &&
                       (error_policy_ == ErrorPolicy::kSkipDependents || !HasPoisonedInput(op));
  if (healthy && outcome.thrown.empty()) return nullptr;

  const uint64_t push_number = op->push_number.Load(kRelaxed);
  PoisonMerge inputs = PoisonedInputs(op);
  FailurePtr own;
  if (outcome.decision == Decision::kCancel) {
    // With a poisoned input the op would not have run anyway; so a backlog that is cancelled does
    // not collect one failure more with every op of a chain.
    if (inputs.empty())
      own = failures_.Make(op->name(), push_number, outcome.place, WhyCancelled(*op));
  } else if (!outcome.thrown.empty()) {
    tally.Count(&tally.failed, 1, kRelease);
    own = failures_.Record(op->name(), push_number, outcome.place, std::move(outcome.thrown),
                           op->scope);
  }
  return failures_.PoisonLeftBy(op->name(), push_number, std::move(inputs), own);
}

Thrown ThreadedEngine::WhyCancelled(const PendingOp& op) const {
  const StatusCode stopped = cancel_.reason();
  const bool by_stop = stopped != StatusCode::kOk;
  return Cancelled(op.name(), by_stop, by_stop ? stopped : op.scope->cancel_source()->reason());
}

// The poison of a var that `op` holds. A node of a program sees what the nodes before it left.
const PoisonPtr& ThreadedEngine::PoisonAt(const PendingOp& op, const Access& access) const {
  return op.is_node() ? op.program->slots_[access.slot].poison
                      : vars_.Slot(access.var.index).poison;
}

PoisonMerge ThreadedEngine::PoisonedInputs(PendingOp* op) const {
  PoisonMerge merge;
  for (const Access& access : op->accesses())
    if (Reads(access.mode)) merge.Add(PoisonAt(*op, access));
  return merge;
}

}  // namespace tenter
