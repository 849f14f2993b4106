// Epochs: push numbers, and who waits until everything pushed so far has ended (ENG-6).
//
// Ops are pushed in one of two epochs at a time. A thread that waits turns the epoch over, once the
// other one is drained, and then waits until what was pushed in the old one has ended. How many
// were pushed in an epoch is known exactly, since the number and the epoch of a push are one word;
// how many have ended is the sum of the tallies. So a push and an end cost one uncontended counter
// each, whoever waits, and later pushes cannot keep a waiter from returning.
//
// Thread safety: every method may be called from any thread.
// Ownership and lifetime: borrows the tallies of the engine.
// Invariants: (1) a push is in exactly one epoch. (2) the epoch turns over only when the other one
//   is drained. (3) after Close no push gets a number.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "runtime/base/atomic.h"
#include "runtime/base/mutex.h"
#include "runtime/engine/wait/tally.h"

namespace tenter {

class Epochs {
 public:
  struct Ticket {
    uint64_t number;  // of the first op
    uint8_t epoch;
  };

  // Takes `count` push numbers in a row. False after Close.
  bool Take(uint64_t count, Ticket* ticket) {
    uint64_t word = word_.Load(kRelaxed);
    do {
      if ((word & kClosed) != 0) return false;
    } while (!word_.CompareExchange(&word, word + count, kSeqCst));
    *ticket = {(word & kNumber) + 1, static_cast<uint8_t>((word & kEpoch) != 0)};
    return true;
  }

  void Close() { word_.FetchOr(kClosed, kSeqCst); }
  bool closed() const { return (word_.Load(kAcquire) & kClosed) != 0; }
  uint64_t pushed() const { return word_.Load(kAcquire) & kNumber; }

  // Blocks until everything that was pushed before the call has ended.
  void AwaitAll(std::span<const Tally> tallies) EXCLUDES(mutex_);

  // Whether anybody waits: then whoever ended something calls Check, at the latest before he begins
  // something of the other epoch or has nothing to do.
  bool awaited() const { return waiters() > 0; }
  int waiters() const { return waiters_.Load(kSeqCst); }

  void Check(std::span<const Tally> tallies) EXCLUDES(mutex_);

  // In the child of a fork: nobody waits. `mutex` was held over the fork.
  void ForgetWaiters();
  Mutex& mutex() RETURN_CAPABILITY(mutex_) { return mutex_; }

 private:
  static constexpr uint64_t kClosed = 1ull << 63;
  static constexpr uint64_t kEpoch = 1ull << 62;
  static constexpr uint64_t kNumber = kEpoch - 1;

  int current() const { return (word_.Load(kAcquire) & kEpoch) != 0; }
  // REQUIRES: epoch is not the current one.
  bool Drained(int epoch, std::span<const Tally> tallies) const;
  void TurnOver() REQUIRES(mutex_);

  Atomic<uint64_t> word_ = 0;
  alignas(64) Atomic<int> waiters_ = 0;
  std::array<Atomic<uint64_t>, 2> pushed_in_ = {};  // of an epoch that is not the current one
  Mutex mutex_;
  CondVar drained_;
  uint64_t turned_at_ GUARDED_BY(mutex_) = 0;  // the last push number before the current epoch
  uint64_t turns_ GUARDED_BY(mutex_) = 0;
};

}  // namespace tenter
