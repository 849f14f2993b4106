// WorkerPause: stops the workers of an engine between two bodies while the process forks.
//
//   fork: Begin -> AwaitAll (both block) -> (fork) -> End    worker: pausing()? Rest (blocks)
//
// A body of another engine, for whose end the fork waits, may wait for what the workers do here. So
// a WaitInBody lifts the pause, and Begin blocks while one exists.
//
// Thread safety: every method from any thread, but for ForgetThreads.
// Ownership and lifetime: owned by an engine; borrows its ReadyOps.
// Invariants: from AwaitAll until End or a WaitInBody no worker is inside a body, but for the one
//   that forks. A worker that starts after Begin rests before it runs one.
#pragma once

#include <limits>

#include "runtime/base/atomic.h"
#include "runtime/base/mutex.h"
#include "runtime/engine/ready/ready_ops.h"

namespace tenter {

class WorkerPause {
 public:
  // The workers that are not waited for.
  static constexpr int kAllWorkers = std::numeric_limits<int>::max();

  explicit WorkerPause(ReadyOps* ready) : ready_(ready) {}

  // Blocks while bodies wait for the engine.
  void Begin() EXCLUDES(mutex_);
  // Blocks until the workers rest, all but `excepted` of them; returns false when the pause was
  // lifted meanwhile.
  bool AwaitAll(int excepted) EXCLUDES(mutex_);
  // `no_workers`: in the child of a fork that has not started any, and starts them itself.
  void End(bool no_workers) EXCLUDES(mutex_);

  bool pausing(std::memory_order order = kSeqCst) const { return pausing_.Load(order); }
  // Blocks a worker between two bodies until the pause is over.
  void Rest() EXCLUDES(mutex_);

  // In the child of a fork: nobody rests or waits. `mutex` was held over the fork.
  void ForgetThreads() EXCLUDES(mutex_);
  // In the child of a fork that found the engine without workers: there is nothing else to forget.
  void EndInChild() { pausing_.Store(false, kSeqCst); }
  Mutex& mutex() RETURN_CAPABILITY(mutex_) { return mutex_; }

 private:
  friend class WaitInBody;
  void EndNow(bool no_workers) REQUIRES(mutex_);

  ReadyOps* const ready_;
  Mutex mutex_;
  Atomic<bool> pausing_ = false;               // changes under the lock
  int resting_ GUARDED_BY(mutex_) = 0;         // workers
  int waiting_bodies_ GUARDED_BY(mutex_) = 0;  // see WaitInBody
  CondVar changed_;
};

// Around a wait for the engine: when it is one that a fork waits for, it lifts the pause.
class WaitInBody {
 public:
  explicit WaitInBody(WorkerPause* pause);
  ~WaitInBody();
  WaitInBody(const WaitInBody&) = delete;
  WaitInBody& operator=(const WaitInBody&) = delete;

 private:
  WorkerPause* const pause_;  // null: the wait is none of a body
};

}  // namespace tenter
