// StartLine: lets the pushers of a case start at the same moment.
//
// Thread safety: Wait from each of the threads, once.
// Ownership and lifetime: outlives the threads that use it.
// Invariants: the threads spin, since threads that are woken one after the other hardly ever meet
//   inside a push.
#pragma once

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {

class StartLine {
 public:
  explicit StartLine(int threads) : missing_(threads) {}
  // Returns when all threads have called it.
  void Wait() {
    missing_.FetchAdd(-1, kRelaxed);
    for (int spins = 0; missing_.Load(kRelaxed) > 0; ++spins)
      if (spins > kMostSpins) SleepNs(1);
  }

 private:
  static constexpr int kMostSpins = 20000;  // then it gives the processor away between looks
  Atomic<int> missing_;                     // relaxed: it orders nothing
};

}  // namespace tenter::fuzz
