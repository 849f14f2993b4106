// Work: what every op of a benchmark does: one relaxed add, and then, if asked, spinning for a
// while.
//
// Thread safety: Run may be called from any thread; done() is exact once all runners were waited
//   for.
// Ownership and lifetime: must outlive every op that refers to it.
// Invariants: done() counts each call of Run once, so that a run that lost an op is noticed.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"

namespace tenter::bench {

// Keeps a core busy for a fixed number of steps rather than for a fixed time: a thread that loses
// its core must not have its work done by the clock.
inline void Spin(uint64_t steps) {
  for (uint64_t i = 0; i < steps; ++i) asm volatile("" : "+r"(i));
}

// How many steps fill `ns` nanoseconds on this machine when nothing disturbs. Measured at the first
// call, which takes some milliseconds. Not thread safe: called by main threads only.
uint64_t StepsFor(int64_t ns);

class alignas(64) Work {
 public:
  explicit Work(int64_t task_ns = 0) : steps_(task_ns > 0 ? StepsFor(task_ns) : 0) {}

  void Run() {
    done_.FetchAdd(1, kRelaxed);
    if (steps_ != 0) Spin(steps_);
  }

  // Relaxed: readers have waited for the ops, which orders them.
  uint64_t done() const { return done_.Load(kRelaxed); }

 private:
  Atomic<uint64_t> done_ = 0;
  const uint64_t steps_;
};

}  // namespace tenter::bench
