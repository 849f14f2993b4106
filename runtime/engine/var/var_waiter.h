// VarWaiter: a thread that waits for a var, as an access in the var's queue that holds nothing.
// When its turn comes, every write pushed before it has ended and no later one has begun: it takes
// the poison as it is at that moment, so what it sees does not depend on how soon it wakes.
//
// Thread safety: Spin, Sleep and TakePoison by the waiting thread, Grant by whoever ends the last
//   write, under the lock of the var.
// Ownership and lifetime: on the stack of the waiting thread. Grant does not touch it any more once
//   Sleep may return: a waiter that sleeps cannot leave before Grant has let go of its lock.
// Invariants: granted once.
#pragma once

#include <utility>

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"
#include "runtime/engine/failure/failure.h"
#include "runtime/engine/var/access.h"

namespace tenter {

class VarWaiter : public Access {
 public:
  explicit VarWaiter(Var waited_for) : Access{.var = waited_for, .mode = AccessMode::kWait} {}

  // Instead of Grant, when Append granted it: nobody waits.
  void GrantAtOnce(PoisonPtr poison) { poison_ = std::move(poison); }

  void Grant(PoisonPtr poison) {
    poison_ = std::move(poison);
    if (state_.Exchange(kDone, kAcqRel) != kAsleep) return;
    MutexLock lock(mutex_);
    woken_ = true;
    wake_.NotifyOne();
  }

  // Blocks for at most `spin_ns`, more or less; true when it was granted.
  bool Spin(int64_t spin_ns) const {
    constexpr int kPauses = 32;
    const int64_t end = TimeAfter(NowNs(), spin_ns);
    if (spin_ns == 0) return false;
    do {
      for (int i = 0; i < kPauses; ++i) {
        if (state_.Load(kAcquire) == kDone) return true;
        SpinPause();
      }
      YieldThread();  // perhaps whoever will grant it wants this processor
    } while (NowNs() < end);
    return false;
  }
  // Blocks until it was granted.
  void Sleep() {
    if (state_.Exchange(kAsleep, kAcqRel) == kDone) return;
    MutexLock lock(mutex_);
    while (!woken_) wake_.Wait(mutex_);
  }
  // The poison of the var, or null. REQUIRES: granted.
  PoisonPtr TakePoison() { return std::move(poison_); }

 private:
  static constexpr uint32_t kAwake = 0, kAsleep = 1, kDone = 2;

  PoisonPtr poison_;
  Atomic<uint32_t> state_ = kAwake;  // the release of kDone hands the poison over
  Mutex mutex_;
  bool woken_ GUARDED_BY(mutex_) = false;
  CondVar wake_;
};

}  // namespace tenter
