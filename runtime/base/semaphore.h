// Semaphore: a number of permits; a thread that finds none sleeps. For one thread that sleeps until
// another one has something for it: unlike with a condition variable, who wakes holds no lock that
// the woken thread wants at once, which saves a microsecond or more of a wake-up.
//
// It is POSIX's (sem_overview(7)), with a timeout that the wall clock does not move.
//
// Thread safety: that is what it is for.
// Ownership and lifetime: must outlive every call. Who has acquired what Release gave may destroy
//   it only when that Release has returned.
#pragma once

#include <semaphore.h>

#include <cerrno>
#include <cstdint>
#include <ctime>

#include "runtime/base/check.h"
#include "runtime/base/clock.h"

namespace tenter {

class Semaphore {
 public:
  Semaphore() { TENTER_CHECK(sem_init(&semaphore_, 0, 0) == 0, "a semaphore was not made"); }
  ~Semaphore() { sem_destroy(&semaphore_); }
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // Adds a permit; wakes a thread that sleeps for one.
  void Release() { TENTER_CHECK(sem_post(&semaphore_) == 0, "too many permits"); }

  // Blocks until there is a permit, and takes it.
  void Acquire() {
    while (sem_wait(&semaphore_) != 0) TENTER_CHECK(errno == EINTR, "no semaphore");
  }
  // As Acquire, and returns false when `timeout_ns` nanoseconds passed without one.
  bool AcquireFor(int64_t timeout_ns) {
    timespec until = {};
    clock_gettime(CLOCK_MONOTONIC, &until);
    // Apart, because their sum may be more than fits.
    const int64_t ns = until.tv_nsec + timeout_ns % kNsPerSecond;
    until.tv_sec += static_cast<time_t>(timeout_ns / kNsPerSecond + ns / kNsPerSecond);
    until.tv_nsec = static_cast<long>(ns % kNsPerSecond);
    while (sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &until) != 0) {
      if (errno == ETIMEDOUT) return false;
      TENTER_CHECK(errno == EINTR, "no semaphore");
    }
    return true;
  }

 private:
  sem_t semaphore_;
};

}  // namespace tenter
