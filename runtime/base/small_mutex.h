// SmallMutex: a lock of four bytes, for objects that exist by the hundred thousand (vars, pools).
//
// Uncontended, Lock and Unlock are one atomic operation each. A thread that finds it taken spins
// for about a microsecond and then sleeps, so that a holder that lost its processor is not waited
// for by spinning. The algorithm is the third mutex of Drepper, "Futexes Are Tricky" (2011):
// 0 free, 1 taken, 2 taken and somebody may sleep.
//
// Thread safety: that is what it is for.
// Ownership and lifetime: as Mutex. Not recursive, no fairness, no condition variable.
// Invariants: four bytes (asserted below).
// Errors: misuse is a compile error under clang.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/base/thread_annotations.h"

namespace tenter {

class CAPABILITY("mutex") SmallMutex {
 public:
  SmallMutex() = default;
  SmallMutex(const SmallMutex&) = delete;
  SmallMutex& operator=(const SmallMutex&) = delete;

  void Lock() ACQUIRE() {
    if (!TryOnce()) LockContended();
  }
  bool TryLock() TRY_ACQUIRE(true) {
    uint32_t seen = 0;
    while (seen == 0)
      if (state_.CompareExchange(&seen, 1, kAcquire)) return true;
    return false;
  }
  void Unlock() RELEASE() {
    if (state_.Exchange(0, kRelease) == 2) state_.NotifyOne();
  }

 private:
  static constexpr int kSpins = 100;

  bool TryOnce() {
    uint32_t free = 0;
    return state_.CompareExchange(&free, 1, kAcquire);
  }
  void LockContended() {
    for (int i = 0; i < kSpins; ++i) {
      if (state_.Load(kRelaxed) == 0 && TryOnce()) return;
      SpinPause();
    }
    while (state_.Exchange(2, kAcquire) != 0) state_.Wait(2, kRelaxed);
  }

  Atomic<uint32_t> state_ = 0;  // Unlock's release pairs with the acquire of the next Lock
};
static_assert(sizeof(SmallMutex) == 4);

class SCOPED_CAPABILITY SmallMutexLock {
 public:
  explicit SmallMutexLock(SmallMutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~SmallMutexLock() RELEASE() { mutex_.Unlock(); }
  SmallMutexLock(const SmallMutexLock&) = delete;
  SmallMutexLock& operator=(const SmallMutexLock&) = delete;

 private:
  SmallMutex& mutex_;
};

}  // namespace tenter
