// Parking: where workers without work spin for a moment and then sleep, and how they are woken.
//
//   busy --nothing to do--> spinning (one at a time, bounded) --in vain--> parked
//     ^------- found something ------'    ^---------------- NotifyOne ---------'
//
// Whoever publishes work looks at one word: if somebody spins, he will find it; only if nobody
// spins and somebody is parked, one is woken, and counts as spinning from that moment on. So a
// burst of pushes wakes one worker, and that worker, when it found something and there is more, the
// next.
//
// Whoever spins gives his processor away about every microsecond: the thread that he waits for may
// be the one that wants it.
//
// No wake-up is lost: publishing (a sequentially consistent store) comes before the look at the
// word, and a worker changes the word before it looks at the work for the last time.
//
// Thread safety: every method may be called from any thread; Await by each worker for itself.
// Ownership and lifetime: outlives the workers.
// Invariants: `word_` is the number of spinning workers and 2^16 times the number of parked ones.
// Errors: none.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"

namespace tenter {

class Parking {
 public:
  Parking(int workers, int64_t spin_ns);

  // Call it after work was published.
  void NotifyOne() EXCLUDES(mutex_) {
    const uint32_t word = word_.Load(kSeqCst);
    if (Spinning(word) == 0 && Parked(word) > 0) WakeOne();
  }
  void NotifyAll() EXCLUDES(mutex_);

  // Spins, then sleeps, until `found()` answers true. It is called with no lock held and takes what
  // it finds.
  template <typename Found>
  void Await(int worker, Found found) EXCLUDES(mutex_) {
    bool spinning = StartSpinning();
    while (true) {
      if (spinning && Spin(found)) {
        word_.FetchSub(kSpinner, kSeqCst);
        return;
      }
      Park(worker, spinning);
      if (found()) return Unpark(worker);
      Sleep(worker);
      spinning = true;  // as whoever woke us has counted already
    }
  }

  // In the child of a fork: there are no workers.
  void ForgetWorkers() EXCLUDES(mutex_);

  int parked() const { return static_cast<int>(Parked(word_.Load(kRelaxed))); }

 private:
  static constexpr uint32_t kSpinner = 1, kParked = 1 << 16;
  static uint32_t Spinning(uint32_t word) { return word & 0xffff; }
  static uint32_t Parked(uint32_t word) { return word >> 16; }
  struct alignas(64) Spot {
    Atomic<uint32_t> woken = 0;
  };

  bool StartSpinning();
  template <typename Found>
  bool Spin(Found found) {
    constexpr int kPauses = 8;
    const int64_t end = NowNs() + spin_ns_;
    do {
      for (int look = 0; look < 4; ++look) {
        if (found()) return true;
        for (int i = 0; i < kPauses; ++i) SpinPause();
      }
      YieldThread();
    } while (NowNs() < end);
    return false;
  }
  void WakeOne() EXCLUDES(mutex_);
  void Wake(int worker) REQUIRES(mutex_);
  void Park(int worker, bool spinning) EXCLUDES(mutex_);
  void Unpark(int worker) EXCLUDES(mutex_);
  void Sleep(int worker);

  const int64_t spin_ns_;
  const std::unique_ptr<Spot[]> spots_;
  alignas(64) Atomic<uint32_t> word_ = 0;
  Mutex mutex_;
  std::vector<int> parked_ GUARDED_BY(mutex_);
};

}  // namespace tenter
