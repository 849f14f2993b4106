// StartLine: how a case lets threads go at the same moment. (Gate holds them back: runtime/base.)
//
// Thread safety: that is what it is for.
// Ownership and lifetime: outlives the threads that use it.
// Invariants: lets go when everybody is there.
// Errors: none.
#pragma once

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {

// Lets threads go at the same moment. They spin, since threads that are woken one after the other
// hardly ever meet inside a push.
class StartLine {
 public:
  explicit StartLine(int threads) : missing_(threads) {}
  void Wait() {
    missing_.FetchAdd(-1, kRelaxed);
    for (int spins = 0; missing_.Load(kRelaxed) > 0; ++spins)
      if (spins > kMostSpins) SleepNs(1);
  }

 private:
  static constexpr int kMostSpins = 20000;
  Atomic<int> missing_;  // relaxed: it orders nothing
};

}  // namespace tenter::fuzz
