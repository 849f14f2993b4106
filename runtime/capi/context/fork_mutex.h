// ForkMutex: the mutex of an object that the child of a fork may go on using, whichever thread of
// the parent held it.
//
// Path: fork -> ForkMember::BeforeFork -> locked while the process is copied -> free in both.
//
// Thread safety: as Mutex.
// Ownership and lifetime: as Mutex; known to the fork protocol while it exists.
// Invariants: a leaf: whoever holds it waits for nothing, so a fork does not wait for long.
// Errors: the constructor throws std::bad_alloc.
#pragma once

#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"

namespace tenter {

class ForkMutex final : public Mutex, private ForkMember {
 public:
  ForkMutex() { JoinFork(this); }
  ~ForkMutex() { LeaveFork(this); }

 private:
  // Locked here and unlocked there: the analysis follows neither.
  void BeforeFork() override NO_THREAD_SAFETY_ANALYSIS { Lock(); }
  void AfterForkInParent() override NO_THREAD_SAFETY_ANALYSIS { Unlock(); }
  void AfterForkInChild() override NO_THREAD_SAFETY_ANALYSIS { Unlock(); }
};

}  // namespace tenter
