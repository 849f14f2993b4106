#include "runtime/engine/ready/parking.h"

#include <algorithm>
#include <new>
#include <utility>

namespace tenter {
namespace {
constexpr int kNobody = -1;
}  // namespace

Parking::Parking(int workers, int64_t spin_ns, int64_t leave_ns,
                 std::function<bool(int worker)> start)
    : workers_(workers),
      spin_ns_(spin_ns),
      leave_ns_(leave_ns),
      start_(std::move(start)),
      beds_(std::make_unique<Bed[]>(workers)),
      word_(workers * kSpinner) {
  MutexLock lock(mutex_);
  asleep_.reserve(workers);
  gone_.reserve(workers);
}

bool Parking::StartSpinning() {
  uint64_t word = word_.Load(kRelaxed);
  while (Spinning(word) == 0)
    if (word_.CompareExchange(&word, word + kSpinner, kSeqCst)) return true;
  return false;
}

// Not often: where the other processors are busy, too, it is in vain.
void Parking::MoveAway(Bed* bed) {
  constexpr int64_t kRestNs = 2 * kNsPerMs;
  bed->shared = 0;
  const int64_t now = NowNs();
  if (now - bed->moved_ns < kRestNs) return;
  bed->moved_ns = now;
  LeaveThisProcessor();
}

// The list of sleepers is a stack: the last one is woken first, and the others get the time that
// they need to leave. The caller releases `wake` of the bed, best when it has let go of the lock.
Parking::Bed* Parking::WakeLast() {
  Bed* const bed = &beds_[asleep_.back()];
  asleep_.pop_back();
  word_.FetchAdd(kSpinner - kAsleep, kSeqCst);
  bed->woken = true;
  return bed;
}

void Parking::FetchOne() {
  Bed* woken = nullptr;
  const int worker = PickGone(&woken);
  if (woken != nullptr) woken->wake.Release();
  if (worker != kNobody) StartReturned(worker, start_(worker));
}

// Picks a worker that sleeps; only if there is none, returns one that is gone, which counts as
// spinning from now on.
int Parking::PickGone(Bed** woken) {
  MutexLock lock(mutex_);
  if (Spinning(word_.Load(kSeqCst)) > 0) return kNobody;
  if (!asleep_.empty()) {
    *woken = WakeLast();
    return kNobody;
  }
  if (gone_.empty() || held_) return kNobody;
  const int worker = gone_.front();  // whose thread has most likely ended
  gone_.erase(gone_.begin());
  word_.FetchAdd(kSpinner - kGone, kSeqCst);
  ++starting_;
  return worker;
}

void Parking::StartReturned(int worker, bool started) {
  Bed* woken = nullptr;
  {
    MutexLock lock(mutex_);
    --starting_;
    start_returned_.NotifyAll();
    if (started) return;
    gone_.push_back(worker);
    word_.FetchAdd(kGone - kSpinner, kSeqCst);
    if (!asleep_.empty()) woken = WakeLast();
  }
  if (woken != nullptr) woken->wake.Release();
}

int Parking::Hold() {
  MutexLock lock(mutex_);
  held_ = true;
  while (starting_ > 0) start_returned_.Wait(mutex_);
  while (!asleep_.empty()) WakeLast()->wake.Release();
  return workers_ - static_cast<int>(gone_.size());
}

void Parking::Release() {
  MutexLock lock(mutex_);
  held_ = false;
}

void Parking::ForgetWorkers() {
  MutexLock lock(mutex_);
  asleep_.clear();
  gone_.clear();
  held_ = true;
  for (int worker = workers_ - 1; worker >= 0; --worker) {
    new (&beds_[worker]) Bed;
    if (worker > 0) gone_.push_back(worker);
  }
  word_.Store(kSpinner + gone_.size() * kGone, kSeqCst);
}

void Parking::LieDown(int worker, bool spinning) {
  if (std::exchange(beds_[worker].owed, false)) {
    // Nobody may rely on this worker while it waits for the thread that owes it the permit.
    if (std::exchange(spinning, false)) word_.FetchSub(kSpinner, kSeqCst);
    beds_[worker].wake.Acquire();
  }
  MutexLock lock(mutex_);
  beds_[worker].woken = false;
  asleep_.push_back(worker);
  word_.FetchAdd(kAsleep - (spinning ? kSpinner : 0), kSeqCst);
}

// The work that it found does not wait for the thread that is about to release `wake`.
void Parking::GetUp(int worker) {
  MutexLock lock(mutex_);
  const auto place = std::find(asleep_.begin(), asleep_.end(), worker);
  if (place != asleep_.end()) {
    asleep_.erase(place);
    word_.FetchSub(kAsleep, kSeqCst);
    return;
  }
  word_.FetchSub(kSpinner, kSeqCst);  // woken meanwhile, and counted as spinning
  beds_[worker].owed = true;
}

// True when the worker was woken, false when it leaves.
bool Parking::Sleep(int worker) {
  Semaphore& wake = beds_[worker].wake;
  while (leave_ns_ > 0 && !StaysLongest(worker)) {
    if (wake.AcquireFor(leave_ns_)) return true;
    if (Leave(worker)) return false;
  }
  wake.Acquire();
  return true;
}

// The worker that sleeps longest stays, or one that was woken.
bool Parking::StaysLongest(int worker) const {
  MutexLock lock(mutex_);
  return beds_[worker].woken || asleep_.front() == worker;
}

// Not while a thread starts: it may be this worker's own, whose starter has not returned.
bool Parking::Leave(int worker) {
  MutexLock lock(mutex_);
  if (beds_[worker].woken || asleep_.front() == worker || starting_ > 0 || held_) return false;
  asleep_.erase(std::find(asleep_.begin(), asleep_.end(), worker));
  gone_.push_back(worker);
  word_.FetchAdd(kGone - kAsleep, kSeqCst);
  return true;
}

}  // namespace tenter
