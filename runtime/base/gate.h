// Gate: holds threads back until somebody opens it. Tests and workloads order threads with it,
// never with time.
//
// Thread safety: that is what it is for.
// Ownership and lifetime: outlives the threads that use it.
// Invariants: opens once, and stays open.
#pragma once

#include "runtime/base/mutex.h"

namespace tenter {

class Gate {
 public:
  void Open() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  // Blocks until it is open.
  void Wait() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (!open_) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  bool open_ GUARDED_BY(mutex_) = false;
  CondVar changed_;
};

}  // namespace tenter
