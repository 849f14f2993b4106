// SoakSeats: threads that come and go. So many seats are taken at once; each thread makes a few
// dozen calls and ends, and another one takes its place.
//
// Path: Soak::Round -> SoakSeats::Run -> (a thread per life) SoakCaller::Live.
//
// Thread safety: Run on one thread, which starts and joins all others. A thread that was joined
//   comes before those that start later, for ThreadSanitizer, too: so it is with any threads that
//   come and go. Those that live at the same time are not ordered.
// Ownership and lifetime: no thread is left when Run returns.
// Invariants: at most `seats` threads live, each with a name of its seat, so that names are few.
// Errors: kResourceExhausted for a thread that the system does not grant, once all others ended.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/base/thread.h"
#include "runtime/base/unseen_mutex.h"

namespace tenter {

class SoakSeats {
 public:
  explicit SoakSeats(size_t seats) : threads_(seats) {
    UnseenLock lock(mutex_);
    ended_.reserve(seats);
  }

  // Has a thread live in each seat, and another one after it, as long as `more` says so. `between`
  // is called on this thread whenever one has ended.
  Status Run(const std::function<bool()>& more,
             const std::function<void(size_t seat, uint64_t life)>& live,
             const std::function<void()>& between);

  // Threads that have ended so far.
  int64_t lives() const { return lives_; }

 private:
  Status Start(size_t seat, uint64_t life,
               const std::function<void(size_t seat, uint64_t life)>& live);
  size_t AwaitEnded() EXCLUDES(mutex_);

  int64_t lives_ = 0;
  UnseenMutex mutex_;
  UnseenCondVar changed_;
  std::vector<size_t> ended_ GUARDED_BY(mutex_);  // seats whose threads are about to be gone
  std::vector<Thread> threads_;                   // by seat
};

}  // namespace tenter
