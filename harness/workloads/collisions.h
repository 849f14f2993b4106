// InFlightGauge, CallCounter: how a workload measures that its threads collided; Gate, of
// runtime/base, gets them to.
//
// Thread safety: that is what they are for.
// Ownership and lifetime: outlive the threads that use them.
// Invariants: a gauge's maximum never falls below what was ever inside.
#pragma once

#include <algorithm>
#include <cstdint>

#include "runtime/base/gate.h"
#include "runtime/base/mutex.h"

namespace tenter {

class InFlightGauge {
 public:
  void Enter() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    max_ = std::max(max_, ++inside_);
  }
  void Leave() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    --inside_;
  }
  int64_t max() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return max_;
  }

 private:
  mutable Mutex mutex_;
  int64_t inside_ GUARDED_BY(mutex_) = 0;
  int64_t max_ GUARDED_BY(mutex_) = 0;
};

// Counts events, for one thread that waits until there were enough.
class CallCounter {
 public:
  void Add() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    ++count_;
    changed_.NotifyAll();
  }
  void AwaitAtLeast(uint64_t count) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (count_ < count) changed_.Wait(mutex_);
  }
  void Reset() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    count_ = 0;
  }

 private:
  Mutex mutex_;
  uint64_t count_ GUARDED_BY(mutex_) = 0;
  CondVar changed_;
};

}  // namespace tenter
