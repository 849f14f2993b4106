// HeldHandles: completion handles that nobody uses before the deadlines of their ops have ended
// those.
//
// Path: body -> Hold; when everything has ended -> UseAll.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: owns the handles until UseAll; one that is held later is dropped at once.
#pragma once

#include <deque>
#include <utility>

#include "runtime/base/mutex.h"
#include "runtime/engine/completion.h"

namespace tenter::fuzz {

class HeldHandles {
 public:
  void Hold(Completion handle) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (!used_) held_.push_back(std::move(handle));
  }
  // Much too late: every other handle is called, the rest are dropped.
  void UseAll() EXCLUDES(mutex_) {
    std::deque<Completion> held;
    {
      MutexLock lock(mutex_);
      held.swap(held_);
      used_ = true;
    }
    for (size_t i = 1; i < held.size(); i += 2) held[i].Done();
  }

 private:
  Mutex mutex_;
  std::deque<Completion> held_ GUARDED_BY(mutex_);
  bool used_ GUARDED_BY(mutex_) = false;
};

}  // namespace tenter::fuzz
