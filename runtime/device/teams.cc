#include "runtime/device/teams.h"

namespace tenter {

Teams::Teams(size_t count, int threads) {
  const Inheritance inheritance = Inheritance::OfThisThread();
  for (size_t i = 0; i < count; ++i)
    places_.push_back({.team = std::make_unique<Team>(inheritance, threads)});
  JoinFork(this);
}

Teams::~Teams() { LeaveFork(this); }

// Threads are started without the lock, which a fork takes.
Team* Teams::Lend() noexcept {
  Place* const place = LendFree();
  if (place == nullptr) return nullptr;
  place->team->Staff();
  return place->team.get();
}

Teams::Place* Teams::LendFree() {
  const MutexLock lock(mutex_);
  for (Place& place : places_)
    if (place.thread == 0) {
      place.thread = CurrentThreadKey();
      return &place;
    }
  return nullptr;
}

void Teams::TakeBack(const Team* team) noexcept {
  const MutexLock lock(mutex_);
  for (Place& place : places_)
    if (place.team.get() == team) place.thread = 0;
}

// The lock is taken here and released by one of the other two; the analysis cannot follow that.
void Teams::BeforeFork() NO_THREAD_SAFETY_ANALYSIS { mutex_.Lock(); }

void Teams::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS { mutex_.Unlock(); }

void Teams::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  for (Place& place : places_) {
    place.team->ForgetThreads();
    if (place.thread != CurrentThreadKey()) place.thread = 0;
  }
  mutex_.Unlock();
}

}  // namespace tenter
