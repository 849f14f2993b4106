// InFlightGauge, CallCounter: how a workload measures that its threads collided; Gate, of
// runtime/base, gets them to.
//
// Thread safety: that is what they are for.
// Ownership and lifetime: outlive the threads that use them.
// Invariants: (1) a gauge's maximum never falls below what was ever inside. (2) no call here orders
//   two threads as far as ThreadSanitizer can see: they stand around every call of a target.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/base/gate.h"
#include "runtime/base/unseen_mutex.h"

namespace tenter {

class InFlightGauge {
 public:
  void Enter() {
    const int64_t inside = inside_.FetchAdd(1, kRelaxed) + 1;
    int64_t max = max_.Load(kRelaxed);
    while (max < inside && !max_.CompareExchange(&max, inside, kRelaxed)) {
    }
  }
  void Leave() { inside_.FetchSub(1, kRelaxed); }
  int64_t max() const { return max_.Load(kRelaxed); }

 private:
  Atomic<int64_t> inside_ = 0;
  Atomic<int64_t> max_ = 0;
};

// Counts events, for one thread that waits until there were enough.
class CallCounter {
 public:
  void Add() EXCLUDES(mutex_) {
    UnseenLock lock(mutex_);
    ++count_;
    changed_.NotifyAll(mutex_);
  }
  void AwaitAtLeast(uint64_t count) EXCLUDES(mutex_) {
    UnseenLock lock(mutex_);
    while (count_ < count) changed_.Wait(mutex_);
  }
  void Reset() EXCLUDES(mutex_) {
    UnseenLock lock(mutex_);
    count_ = 0;
  }

 private:
  UnseenMutex mutex_;
  uint64_t count_ GUARDED_BY(mutex_) = 0;
  UnseenCondVar changed_;
};

}  // namespace tenter
