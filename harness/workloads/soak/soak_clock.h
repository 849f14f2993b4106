// SoakClock: how long a soak and each of its rounds last, by time or by calls; and what it tells of
// that to whoever waits.
//
// Thread safety: Begin and NewRound by the thread that runs the soak; the rest from any thread.
//   Accesses are relaxed: a clock orders nobody.
// Ownership and lifetime: one per soak; borrows its progress.
// Invariants: progress moves only where a call has ended, so that a soak in which nothing moves
//   stands still for the watchdog, whatever the time is.
#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/workloads/progress.h"
#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"

namespace tenter {

class SoakClock {
 public:
  // `seconds` in all, or so many calls in each round where it is 0.
  SoakClock(int64_t rounds, int64_t seconds, int64_t calls, Progress* progress)
      : rounds_(rounds), seconds_(seconds), calls_(calls), progress_(*progress) {}

  // So many calls come at the end of each round, for which nobody asks NextCall.
  void Begin(int64_t calls_at_the_end) {
    begin_ns_ = NowNs();
    const int64_t total = by_time() ? total_ms() : rounds_ * (calls_ + calls_at_the_end);
    progress_.Begin(by_time() ? "ms of the soak" : "calls", static_cast<uint64_t>(total));
  }
  void NewRound(int64_t round) {
    tickets_.Store(0, kRelaxed);
    round_end_ns_.Store(begin_ns_ + seconds_ * kNsPerSecond * (round + 1) / rounds_, kRelaxed);
  }

  // Whether the round goes on.
  bool More() const {
    return by_time() ? NowNs() < round_end_ns_.Load(kRelaxed) : tickets_.Load(kRelaxed) < calls_;
  }
  // Whether one more call is to be made in it, which it counts.
  bool NextCall() { return by_time() ? More() : tickets_.FetchAdd(1, kRelaxed) < calls_; }

  void CallEnded() {
    if (!by_time()) return progress_.Step();
    const int64_t now = std::min((NowNs() - begin_ns_) / kNsPerMs, total_ms());
    int64_t told = told_ms_.Load(kRelaxed);
    while (now > told)
      if (told_ms_.CompareExchange(&told, now, kRelaxed))
        return progress_.Step(static_cast<uint64_t>(now - told));
  }

 private:
  bool by_time() const { return seconds_ > 0; }
  int64_t total_ms() const { return seconds_ * 1000; }

  const int64_t rounds_, seconds_, calls_;
  Progress& progress_;
  int64_t begin_ns_ = 0;
  Atomic<int64_t> round_end_ns_ = 0;
  Atomic<int64_t> tickets_ = 0;  // calls of this round
  Atomic<int64_t> told_ms_ = 0;
};

}  // namespace tenter
