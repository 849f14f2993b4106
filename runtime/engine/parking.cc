#include "runtime/engine/parking.h"

#include <algorithm>

namespace tenter {

Parking::Parking(int workers, int64_t spin_ns)
    : spin_ns_(spin_ns), spots_(std::make_unique<Spot[]>(workers)) {
  MutexLock lock(mutex_);
  parked_.reserve(workers);
}

bool Parking::StartSpinning() {
  uint32_t word = word_.Load(kRelaxed);
  while (Spinning(word) == 0)
    if (word_.CompareExchange(&word, word + kSpinner, kSeqCst)) return true;
  return false;
}

void Parking::Wake(int worker) {
  word_.FetchAdd(kSpinner - kParked, kSeqCst);
  spots_[worker].woken.Store(1, kRelease);
  spots_[worker].woken.NotifyOne();
}

void Parking::WakeOne() {
  MutexLock lock(mutex_);
  if (parked_.empty() || Spinning(word_.Load(kSeqCst)) > 0) return;
  Wake(parked_.back());
  parked_.pop_back();
}

void Parking::NotifyAll() {
  MutexLock lock(mutex_);
  for (const int worker : parked_) Wake(worker);
  parked_.clear();
}

void Parking::ForgetWorkers() {
  MutexLock lock(mutex_);
  parked_.clear();
  word_.Store(0, kSeqCst);
}

void Parking::Park(int worker, bool spinning) {
  MutexLock lock(mutex_);
  spots_[worker].woken.Store(0, kRelaxed);
  parked_.push_back(worker);
  word_.FetchAdd(kParked - (spinning ? kSpinner : 0), kSeqCst);
}

void Parking::Unpark(int worker) {
  MutexLock lock(mutex_);
  const auto place = std::find(parked_.begin(), parked_.end(), worker);
  if (place != parked_.end()) {
    parked_.erase(place);
    word_.FetchSub(kParked, kSeqCst);
  } else {
    word_.FetchSub(kSpinner, kSeqCst);  // woken meanwhile, and counted as spinning
  }
}

void Parking::Sleep(int worker) {
  while (spots_[worker].woken.Load(kAcquire) == 0) spots_[worker].woken.Wait(0, kAcquire);
}

}  // namespace tenter
