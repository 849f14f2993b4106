// Mutex, MutexLock and CondVar: the only locks of the project.
//
// They are the std types plus thread-safety annotations and nothing else; no other file includes
// <mutex> or <condition_variable>, so that one place can turn every lock into a choice point of a
// controlled scheduler.
//
// Thread safety: that is what they are for.
// Ownership and lifetime: a lock must outlive every thread that may still touch it; CondVar
//    borrows the Mutex.
// Invariants: same size as the std types (asserted below).
// Errors: misuse (unlocking what is not held) is a compile error under clang.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "runtime/base/thread_annotations.h"

namespace tenter {

class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ACQUIRE() { mutex_.lock(); }
  void Unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};
static_assert(sizeof(Mutex) == sizeof(std::mutex));

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

class CondVar {
 public:
  // Blocks until notified; may wake without a reason, so callers loop over their predicate. The
  // lock is adopted and handed back, because std::condition_variable takes only std::unique_lock.
  void Wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    cv_.wait(lock);
    lock.release();
  }

  // As Wait, and returns false when `timeout_ns` nanoseconds passed without a notification.
  bool WaitFor(Mutex& mutex, int64_t timeout_ns) REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool notified = cv_.wait_until(lock, std::chrono::steady_clock::now() +
                                                   std::chrono::nanoseconds(timeout_ns)) ==
                          std::cv_status::no_timeout;
    lock.release();
    return notified;
  }

  void NotifyOne() { cv_.notify_one(); }
  void NotifyAll() { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};
static_assert(sizeof(CondVar) == sizeof(std::condition_variable));

}  // namespace tenter
