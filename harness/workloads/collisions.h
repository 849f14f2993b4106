// InFlightGauge, CallCounter: how a workload measures that its threads collided; Gate, of
// runtime/base, gets them to.
//
// Thread safety: that is what they are for.
// Ownership and lifetime: outlive the threads that use them.
// Invariants: (1) a gauge's maximum never falls below what was ever inside. (2) whoever was inside
//   at some moment of a visit is among its others. (3) no call here orders two threads as far as
//   ThreadSanitizer can see: they stand around every call of a target.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/base/gate.h"
#include "runtime/base/unseen_mutex.h"

namespace tenter {

class InFlightGauge {
 public:
  // One call, from Enter to Leave.
  struct Visit {
    uint64_t before;   // others that were inside when it began
    uint64_t entered;  // how many had ever come in, with this one
  };

  Visit Enter() {
    const uint64_t seen = word_.FetchAdd(kEntered + 1, kRelaxed) + kEntered + 1;
    const int64_t inside = Inside(seen);
    int64_t max = max_.Load(kRelaxed);
    while (max < inside && !max_.CompareExchange(&max, inside, kRelaxed)) {
    }
    return {static_cast<uint64_t>(inside) - 1, seen / kEntered};
  }
  // How many others were inside at some moment of the visit, at most: those that were there when it
  // began, and all that came since.
  int64_t Leave(const Visit& visit) {
    const uint64_t seen = word_.FetchSub(1, kRelaxed);
    return static_cast<int64_t>(visit.before + seen / kEntered - visit.entered);
  }
  int64_t max() const { return max_.Load(kRelaxed); }

 private:
  // Who is inside, and above that how many ever came in: in one word, so that no visit can miss
  // another one between the two.
  static constexpr uint64_t kEntered = uint64_t{1} << 24;
  static int64_t Inside(uint64_t word) { return static_cast<int64_t>(word % kEntered); }

  Atomic<uint64_t> word_ = 0;
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
