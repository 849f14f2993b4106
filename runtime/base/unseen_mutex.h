// UnseenMutex, UnseenLock and UnseenCondVar: locks that ThreadSanitizer does not see, for an
// instrument that must not hide the races of what it measures.
//
// Every lock that two threads take is an order between them, and the sanitizer believes that
// whatever the first did before it comes before whatever the second does after it. A lock that the
// harness takes on the path of a call would so excuse a race of the target. Between Lock and Unlock
// of this one the sanitizer watches nothing of the thread: neither the lock, so that no order comes
// of it, nor the accesses, which without that order would be told as races.
//
// So a mistake in what it guards is not told either. Sections are a few lines on state of the
// harness alone, with no call into a target; clang's analysis of GUARDED_BY holds for them as for
// every lock. What is copied out in a section belongs to the thread that copied it; memory that was
// allocated in one is as new to the sanitizer, and may be read and freed outside once the threads
// have been joined. A value that is handed to another thread needs an edge of its own (tsan.h). No
// static local may be met first inside a section: the order that its initialisation makes would not
// be seen.
//
// Thread safety: that is what they are for.
// Ownership and lifetime: as SmallMutex, which it is outside the tsan flavour.
// Invariants: used by harness, fuzz and tests alone, never by the runtime: its races are what
//   is looked for.
// Errors: misuse is a compile error under clang.
#pragma once

#include "runtime/base/small_mutex.h"
#include "runtime/base/tsan.h"

namespace tenter {

class CAPABILITY("mutex") UnseenMutex {
 public:
  UnseenMutex() = default;
  UnseenMutex(const UnseenMutex&) = delete;
  UnseenMutex& operator=(const UnseenMutex&) = delete;

  void Lock() ACQUIRE() NO_THREAD_SAFETY_ANALYSIS {
    TsanUnseenBegin();
    mutex_.Lock();
  }
  void Unlock() RELEASE() NO_THREAD_SAFETY_ANALYSIS {
    mutex_.Unlock();
    TsanUnseenEnd();
  }

 private:
  SmallMutex mutex_;
};

class SCOPED_CAPABILITY UnseenLock {
 public:
  explicit UnseenLock(UnseenMutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~UnseenLock() RELEASE() { mutex_.Unlock(); }
  UnseenLock(const UnseenLock&) = delete;
  UnseenLock& operator=(const UnseenLock&) = delete;

 private:
  UnseenMutex& mutex_;
};

// Counts its notifications, so that one between Unlock and the sleep is not lost.
class UnseenCondVar {
 public:
  // Blocks until notified; may wake without a reason, so callers loop over their predicate.
  void Wait(UnseenMutex& mutex) REQUIRES(mutex) {
    const uint32_t before = notifications_.Load(kRelaxed);
    mutex.Unlock();
    SleepWhile(before);
    mutex.Lock();
  }
  // Wakes all who wait. With the mutex held, or a waiter may look at its predicate too early.
  void NotifyAll(UnseenMutex& mutex) REQUIRES(mutex) {
    static_cast<void>(mutex);
    notifications_.FetchAdd(1, kRelaxed);
    notifications_.NotifyAll();
  }

 private:
  void SleepWhile(uint32_t before) {
    TsanUnseenBegin();
    notifications_.Wait(before, kRelaxed);
    TsanUnseenEnd();
  }

  Atomic<uint32_t> notifications_ = 0;
};

}  // namespace tenter
