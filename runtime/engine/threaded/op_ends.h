// OpEnds: the end of an op: what is written down, what it leaves in its vars, who becomes ready,
// and the count for those who wait for everything.
//
// Path: a body has returned, or did not run -> Record -> End (a node of a program:
// Replays::EndNode) -> Dependencies::Complete -> ReadyOps, or the worker's next op -> Epochs.
//
// Thread safety: every method from any thread; `worker` is the calling worker, or kOutside.
// Ownership and lifetime: borrows what it is made of. The block of an op stays valid here; whoever
//   ends it gives it back.
// Invariants: the count of an end comes last: whoever waits for all may return from then on.
#pragma once

#include <vector>

#include "runtime/engine/engine.h"
#include "runtime/engine/failure/failures.h"
#include "runtime/engine/pending/pending_op.h"
#include "runtime/engine/ready/ready_ops.h"
#include "runtime/engine/var/dependencies.h"
#include "runtime/engine/wait/epochs.h"

namespace tenter {

class OpEnds {
 public:
  static constexpr int kOutside = -1;  // not a worker

  OpEnds(int workers, const EngineOptions& options, const CancelSource* stop, Failures* failures,
         Dependencies* dependencies, ReadyOps* ready, Epochs* epochs);

  // Counts how `op` ended and logs its failure; returns what it leaves in its vars, or null.
  PoisonPtr Record(PendingOp* op, Outcome outcome, int worker);
  // A failure of an op that has ended: for WaitForAll, since its scope may be gone.
  void RecordLate(const PendingOp& op, Thrown thrown);

  // Ends an op that was pushed by itself. Returns a dependent for the worker to run next, or null.
  PendingOp* End(PendingOp* op, PoisonPtr poison, int worker);
  // Ends one access of `op`, and makes ready what waited for nothing else: the first becomes *next
  // of a worker, when that is null.
  void Complete(const PendingOp& op, Access* access, const PoisonPtr& poison, int worker,
                PendingOp** next);
  // `dependent` waits for one thing less, since `op` has ended: as in Complete when it was the
  // last.
  void CountDown(const PendingOp& op, PendingOp* dependent, int worker, PendingOp** next);
  // `ops` ops of a program or a group have ended.
  void CountEnded(uint8_t epoch, uint64_t ops, int worker);

  // A thread that waits for all waits until one of two epochs is drained. So a worker calls this
  // before it runs an op of the other epoch, which may take long, and before it rests.
  void TellWaiters(int worker);
  void AwaitAll() { epochs_->AwaitAll(tallies_); }

  uint64_t ended() const;
  EngineCounts counts() const;  // but for vars

 private:
  Tally& TallyOf(int worker) {
    return worker == kOutside ? tallies_.back() : tallies_[static_cast<size_t>(worker)];
  }

  const ErrorPolicy error_policy_;
  Tracer* const tracer_;
  const CancelSource* const stop_;
  Failures* const failures_;
  Dependencies* const dependencies_;
  ReadyOps* const ready_;
  Epochs* const epochs_;
  std::vector<Tally> tallies_;  // one per worker, the last for all other threads
};

}  // namespace tenter
