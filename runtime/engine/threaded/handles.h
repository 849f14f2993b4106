// Handles: how many completion handles of an engine exist, for its destructor, which waits for
// them.
//
// Thread safety: every method from any thread, but for Lose and ForgetThreads.
// Ownership and lifetime: a handle points into the engine. So Gone is the last that the user of a
//   handle does with the engine, which may be destroyed from then on.
// Invariants: a handle counts from Add to Gone. In the child of a fork those that existed then may
//   be held by threads of the parent, and are not waited for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <new>

#include "runtime/base/mutex.h"

namespace tenter {

class Handles {
 public:
  void Add() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    ++alive_;
  }
  void Gone() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    --alive_;
    lost_ = std::min(lost_, alive_);
    if (alive_ <= lost_) gone_.NotifyAll();
  }
  // Blocks until there is none that was not lost.
  void AwaitNone() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (alive_ > lost_) gone_.Wait(mutex_);
  }

  // In the child of a fork. `mutex` was held over the fork.
  void Lose() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    lost_ = alive_;
  }
  void ForgetThreads() { new (&gone_) CondVar; }
  Mutex& mutex() RETURN_CAPABILITY(mutex_) { return mutex_; }

 private:
  Mutex mutex_;
  uint64_t alive_ GUARDED_BY(mutex_) = 0;
  uint64_t lost_ GUARDED_BY(mutex_) = 0;
  CondVar gone_;
};

}  // namespace tenter
