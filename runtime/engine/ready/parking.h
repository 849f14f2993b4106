// Parking: where workers without work spin for a moment, then sleep, then leave; and how they are
// fetched.
//
//   busy --nothing to do--> spinning (one at a time, bounded) --in vain--> asleep --in vain--> gone
//     ^------- found something ------'    ^------------- NotifyOne -----------'                 |
//                                         '------------- NotifyOne: its thread starts again ----'
//
// Whoever publishes work looks at one word: a worker that spins will find it; only if none spins is
// one that sleeps woken, or else one that is gone started, and counts as spinning from that moment
// on. So a burst of pushes fetches one worker, and that worker, when it found something and there
// is more, the next.
//
// The worker that sleeps longest does not leave, so that the first op after a rest waits for no
// thread to start. One whose thread cannot be started stays gone until work is next published.
//
// A worker that spins gives its processor away about every microsecond: the thread that it waits
// for may be the one that wants it. If that took long and brought work, again and again, and no
// other worker is about, both share a processor although there is most likely another, and often go
// on for seconds: 4.4 us a round trip instead of 0.4. So it moves away, the next time that it has
// nothing to do.
//
// No wake-up is lost: publishing (a sequentially consistent store) comes before the look at the
// word, and a worker changes the word before it looks at the work for the last time. While the
// thread of a worker starts, others trust that it will look; if it cannot start, one that sleeps is
// woken in its place.
//
// Thread safety: NotifyOne, asleep and gone from any thread; Await by each worker for itself; Hold,
//   Release and ForgetWorkers by whoever forks or ends the engine.
// Ownership and lifetime: outlives the workers.
// Invariants: `word_` counts the workers that spin (its low 16 bits), sleep (16 more) and are gone.
//   `asleep_` and `gone_` hold exactly the latter two; one whose thread starts counts as spinning.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/mutex.h"
#include "runtime/base/semaphore.h"
#include "runtime/base/thread.h"

namespace tenter {

class Parking {
 public:
  // A worker that slept for `leave_ns` leaves; 0: never. `start` starts the thread of a worker that
  // did, and says whether it could; it is called with no lock held. At first all workers count as
  // spinning.
  Parking(int workers, int64_t spin_ns, int64_t leave_ns, std::function<bool(int worker)> start);

  // Call it after work was published. May start a thread.
  void NotifyOne() EXCLUDES(mutex_) {
    const uint64_t word = word_.Load(kSeqCst);
    if (Spinning(word) == 0 && word != 0) FetchOne();
  }

  // Spins, then sleeps, until `found()` answers true, and returns true; or returns false when the
  // worker shall end. `found` is called with no lock held and takes what it finds. A worker whose
  // thread is new counts as spinning already.
  template <typename Found>
  bool Await(int worker, bool is_new, Found found) EXCLUDES(mutex_) {
    Bed& bed = beds_[worker];
    if (bed.shared >= kOften) MoveAway(&bed);
    bool spinning = is_new || StartSpinning();
    while (true) {
      if (spinning && Spin(found, &bed.shared)) {
        word_.FetchSub(kSpinner, kSeqCst);
        return true;
      }
      LieDown(worker, spinning);
      if (found()) {
        GetUp(worker);
        return true;
      }
      if (!Sleep(worker)) return false;
      spinning = true;  // as whoever woke us has counted already
    }
  }

  // Blocks until the threads that are being started were, and wakes all; then nobody leaves or is
  // started until Release. Returns how many are not gone.
  int Hold() EXCLUDES(mutex_);
  void Release() EXCLUDES(mutex_);

  // In the child of a fork: all are gone but worker 0, which the caller starts before it calls
  // Release.
  void ForgetWorkers() EXCLUDES(mutex_);

  int asleep() const { return static_cast<int>(Asleep(word_.Load(kRelaxed))); }
  int gone() const { return static_cast<int>(Gone(word_.Load(kRelaxed))); }

 private:
  static constexpr int kOften = 8;
  static constexpr uint64_t kSpinner = 1, kAsleep = 1ull << 16, kGone = 1ull << 32;
  static uint64_t Spinning(uint64_t word) { return word & 0xffff; }
  static uint64_t Asleep(uint64_t word) { return word >> 16 & 0xffff; }
  static uint64_t Gone(uint64_t word) { return word >> 32; }
  struct Bed {
    // The worker's own, as the next two: how often in a row it seemed to share its processor with
    // whoever hands it work, and when it last moved.
    int shared = 0;
    int64_t moved_ns = 0;
    bool owed = false;  // it was woken when it had found work already: `wake` has a permit too many
    bool woken = false;  // guarded by mutex_; whoever sets it releases `wake` afterwards
    Semaphore wake;
  };

  bool StartSpinning();
  template <typename Found>
  bool Spin(Found found, int* shared) {
    constexpr int kPauses = 8;
    constexpr int64_t kAloneNs = 1500;  // to give way to nobody takes less than half of that
    int64_t now = NowNs();
    const int64_t end = now + spin_ns_;
    do {
      for (int look = 0; look < 4; ++look) {
        if (found()) {
          *shared = 0;
          return true;
        }
        for (int i = 0; i < kPauses; ++i) SpinPause();
      }
      const int64_t before = NowNs();
      YieldThread();
      now = NowNs();
      if (now - before > kAloneNs && OthersRest() && found()) {
        ++*shared;
        return true;
      }
    } while (now < end);
    return false;
  }
  bool OthersRest() const {
    const uint64_t word = word_.Load(kRelaxed);
    return Asleep(word) + Gone(word) == static_cast<uint64_t>(workers_) - 1;
  }
  static void MoveAway(Bed* bed);
  void FetchOne() EXCLUDES(mutex_);
  int PickGone(Bed** woken) EXCLUDES(mutex_);
  void StartReturned(int worker, bool started) EXCLUDES(mutex_);
  Bed* WakeLast() REQUIRES(mutex_);
  void LieDown(int worker, bool spinning) EXCLUDES(mutex_);
  void GetUp(int worker) EXCLUDES(mutex_);
  bool Sleep(int worker) EXCLUDES(mutex_);
  bool Leave(int worker) EXCLUDES(mutex_);
  bool StaysLongest(int worker) const EXCLUDES(mutex_);

  const int workers_;
  const int64_t spin_ns_, leave_ns_;
  const std::function<bool(int worker)> start_;
  const std::unique_ptr<Bed[]> beds_;
  alignas(64) Atomic<uint64_t> word_;
  mutable Mutex mutex_;
  std::vector<int> asleep_ GUARDED_BY(mutex_);  // who sleeps longest is first
  std::vector<int> gone_ GUARDED_BY(mutex_);    // who left first is first
  int starting_ GUARDED_BY(mutex_) = 0;         // threads, now
  bool held_ GUARDED_BY(mutex_) = false;
  CondVar start_returned_;
};

}  // namespace tenter
