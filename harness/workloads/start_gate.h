// StartGate, InFlightGauge, CallCounter: how a workload gets its threads to collide, and measures
// that they did.
//
// Thread safety: that is what they are for.
// Ownership and lifetime: outlive the threads that use them.
// Invariants: a gate opens once; a gauge's maximum never falls below what was ever inside.
// Errors: none.
#pragma once

#include <algorithm>
#include <cstdint>

#include "runtime/base/mutex.h"

namespace tenter {

// Holds all threads back until everybody is there.
class StartGate {
 public:
  void Open() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  void Wait() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (!open_) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  bool open_ GUARDED_BY(mutex_) = false;
  CondVar changed_;
};

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
