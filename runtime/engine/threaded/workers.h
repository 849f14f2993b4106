// Workers: the threads of a ThreadedEngine, and what each of them runs.
//
// Path: construction, or Parking -> Start -> the loop of the engine: Arrive ... Leave.
//
// Thread safety: Start of one worker by one thread at a time, which Parking sees to; Arrive, Leave
//   and Runs by the worker itself; running and OpOfThisThread from any thread; Join and Forget when
//   nothing is started any more.
// Ownership and lifetime: owns the threads; a worker that was started again joins its former thread
//   first. Whoever destroys it has called Join.
// Errors: Start returns kResourceExhausted, and throws std::bad_alloc; the worker can then be
//   started again.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/probe.h"
#include "runtime/base/status.h"
#include "runtime/base/thread.h"
#include "runtime/engine/pending/pending_op.h"

namespace tenter {

class Workers {
 public:
  // They run loop(worker), on the processors and with the signal mask and rounding of the thread
  // that constructs this; with `pin`, worker i on the i-th processor that the process may use.
  Workers(int count, bool pin, Probe* probe, std::function<void(int worker)> loop);

  Status Start();
  // One that never ran, or one that left.
  Status Start(int worker);
  // As Start; false when it was not started, also for want of memory.
  bool Restart(int worker);
  void Join();

  void Arrive(int worker);
  void Leave(int worker) { states_[worker].thread.Store(0, kRelaxed); }
  // The op whose body is on the stack of the worker, or null. Who looks at it from another thread
  // may be the first there to see this op, which was just made.
  void Runs(int worker, const PendingOp* op) { states_[worker].running.Store(op, kRelease); }
  const PendingOp* running(int worker) const { return states_[worker].running.Load(kAcquire); }
  // Null on a thread that is no worker.
  const PendingOp* OpOfThisThread() const;

  // In the child of a fork: there is none. True when the fork was made inside an op.
  bool Forget();

  int count() const { return count_; }

 private:
  struct alignas(64) State {
    Atomic<uint64_t> thread = 0;  // its key
    Atomic<const PendingOp*> running = nullptr;
  };

  const int count_;
  const bool pin_;
  Probe* const probe_;
  const std::function<void(int worker)> loop_;
  const Inheritance inheritance_ = Inheritance::OfThisThread();
  const std::unique_ptr<State[]> states_;
  std::vector<Thread> former_threads_, threads_;
};

}  // namespace tenter
