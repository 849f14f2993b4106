#include "runtime/engine/threaded/op_ends.h"

#include <utility>

namespace tenter {

OpEnds::OpEnds(int workers, const EngineOptions& options, const CancelSource* stop,
               Failures* failures, Dependencies* dependencies, ReadyOps* ready, Epochs* epochs)
    : error_policy_(options.error_policy),
      tracer_(options.tracer),
      stop_(stop),
      failures_(failures),
      dependencies_(dependencies),
      ready_(ready),
      epochs_(epochs),
      tallies_(workers + 1) {
  tallies_.back().shared = true;
}

PoisonPtr OpEnds::Record(PendingOp* op, Outcome outcome, int worker) {
  Tally& tally = TallyOf(worker);
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
  const bool healthy =
      outcome.decision == Decision::kRun && outcome.thrown.empty() &&
      (error_policy_ == ErrorPolicy::kSkipDependents || !dependencies_->HasPoisonedInput(op));
  if (healthy) return nullptr;
  if (outcome.decision != Decision::kCancel && !outcome.thrown.empty())
    tally.Count(&tally.failed, 1, kRelease);
  return failures_->PoisonLeftBy({op->name(), op->push_number.Load(kRelaxed), op->scope},
                                 std::move(outcome), dependencies_->PoisonedInputs(op), *stop_);
}

void OpEnds::RecordLate(const PendingOp& op, Thrown thrown) {
  failures_->Record({op.name(), op.push_number.Load(kRelaxed)}, FailurePlace::kAfterEnd,
                    std::move(thrown));
}

PendingOp* OpEnds::End(PendingOp* op, PoisonPtr poison, int worker) {
  FailureScope* const scope = op->scope;
  PendingOp* next = nullptr;
  if (op->deletes_var) poison = nullptr;  // nothing is left to poison when its deleter failed
  for (Access& access : op->accesses()) Complete(*op, &access, poison, worker, &next);
  if (op->priority != 0) ready_->NoLongerExpected();
  LeaveScope(scope, 1);
  CountEnded(op->epoch, 1, worker);
  return next;
}

void OpEnds::Complete(const PendingOp& op, Access* access, const PoisonPtr& poison, int worker,
                      PendingOp** next) {
  Access* granted = dependencies_->Complete(op, access, poison);
  while (granted != nullptr) {
    PendingOp* const dependent = granted->op;
    granted = granted->next;  // before the op may run, and its access be reused
    CountDown(op, dependent, worker, next);
  }
}

void OpEnds::CountDown(const PendingOp& op, PendingOp* dependent, int worker, PendingOp** next) {
  if (tracer_ != nullptr) [[unlikely]]
    tracer_->Released(op.push_number.Load(kRelaxed), dependent->push_number.Load(kRelaxed));
  if (dependent->waiting_for.FetchSub(1, kAcqRel) != 1) return;
  if (*next == nullptr && worker != kOutside && dependent->priority == 0)
    *next = dependent;
  else
    ready_->Add(dependent);
}

void OpEnds::CountEnded(uint8_t epoch, uint64_t ops, int worker) {
  Tally& tally = TallyOf(worker);
  tally.Count(&tally.ended[epoch], ops, kRelease);
  if (worker == kOutside && epochs_->awaited()) epochs_->Check(tallies_);
}

// The waiter raises its count, then reads `ended`; the worker writes `ended`, then reads that
// count. All four are sequentially consistent, so one of both sees what the other wrote; the same
// holds between two workers.
void OpEnds::TellWaiters(int worker) {
  for (auto& ended : TallyOf(worker).ended) ended.Store(ended.Load(kRelaxed), kSeqCst);
  if (epochs_->awaited()) epochs_->Check(tallies_);
}

uint64_t OpEnds::ended() const {
  uint64_t ended = 0;
  for (const Tally& tally : tallies_)
    for (const auto& epoch : tally.ended) ended += epoch.Load(kAcquire);
  return ended;
}

EngineCounts OpEnds::counts() const {
  EngineCounts counts;
  const uint64_t ended_before = ended();  // before `pushed`, so that live_ops is never negative
  for (const Tally& tally : tallies_) {
    counts.ran += tally.ran.Load(kAcquire);
    counts.failed += tally.failed.Load(kAcquire);
    counts.skipped += tally.skipped.Load(kAcquire);
    counts.cancelled += tally.cancelled.Load(kAcquire);
  }
  counts.pushed = epochs_->pushed();
  counts.live_ops = counts.pushed - ended_before;
  return counts;
}

}  // namespace tenter
