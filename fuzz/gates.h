// Gate and StartLine: how a case holds threads back, and lets them go at the same moment.
//
// Thread safety: that is what they are for.
// Ownership and lifetime: outlive the threads that use them.
// Invariants: a gate opens once. A start line lets go when everybody is there.
// Errors: none.
#pragma once

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/mutex.h"

namespace tenter::fuzz {

class Gate {
 public:
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  void Wait() {
    MutexLock lock(mutex_);
    while (!open_) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  bool open_ GUARDED_BY(mutex_) = false;
  CondVar changed_;
};

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
