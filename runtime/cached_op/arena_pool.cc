#include "runtime/cached_op/arena_pool.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "runtime/base/thread.h"
#include "runtime/cached_op/no_memory.h"
#include "runtime/cached_op/sites.h"

namespace tenter {

ArenaLease::~ArenaLease() {
  if (pool_ != nullptr) pool_->Return(place_);
}

ArenaPool::ArenaPool(Engine* engine, size_t capacity, WhenFull when_full, Probe* probe)
    : engine_(engine), capacity_(capacity), when_full_(when_full), probe_(probe) {
  TENTER_CHECK(capacity > 0, "an arena pool needs room for one request");
}

ArenaPool::~ArenaPool() {
  Close();
  MutexLock lock(mutex_);
  while (rooms_ > 0) returned_.Wait(mutex_);
}

Result<ArenaLease> ArenaPool::Acquire(std::shared_ptr<const Plan> plan) {
  try {
    TENTER_ASSIGN_OR_RETURN(const auto place, TakePlace(plan));
    ArenaLease lease(this, place);
    TENTER_RETURN_IF_ERROR(Furnish(*place, std::move(plan)));
    return lease;
  } catch (const std::bad_alloc&) {
    return NoMemory();
  }
}

Result<ArenaPlaces::iterator> ArenaPool::TakePlace(const std::shared_ptr<const Plan>& plan) {
  MutexLock lock(mutex_);
  TENTER_RETURN_IF_ERROR(AwaitRoom());
  DestroyUnwanted();
  auto place = std::find_if(idle_.begin(), idle_.end(),
                            [&](const ArenaPlace& idle) { return idle.arena->Fits(plan); });
  // A new arena is needed: the oldest idle one makes room for it.
  if (place == idle_.end() && rooms_ + idle_.size() > capacity_) place = idle_.begin();
  if (place != idle_.end()) {
    lent_.splice(lent_.end(), idle_, place);
  } else {
    try {
      place = lent_.emplace(lent_.end());
    } catch (...) {
      HandRoomOn();
      throw;
    }
  }
  place->thread = CurrentThreadKey();
  return place;
}

Status ArenaPool::AwaitRoom() {
  if (rooms_ == capacity_ && when_full_ == WhenFull::kQueue && !closed_) {
    mutex_.Unlock();
    Status refusal = RefuseToWaitInsideOp();
    mutex_.Lock();
    if (!refusal.ok()) return refusal;
  }
  if (closed_) return {StatusCode::kClosed, "the cached op was freed"};
  if (rooms_ < capacity_) {
    rooms_max_ = std::max(rooms_max_, ++rooms_);
    return {};
  }
  if (when_full_ == WhenFull::kRefuse)
    return {StatusCode::kResourceExhausted,
            std::to_string(capacity_) + " requests are in flight, the most that this op allows"};
  Waiter waiter;
  (last_ == nullptr ? first_ : last_->next) = &waiter;
  last_ = &waiter;
  ++waiting_;
  while (!waiter.has_room && !closed_) waiter.changed.Wait(mutex_);
  --waiting_;
  if (waiter.has_room) return {};
  return {StatusCode::kClosed, "the cached op was freed"};
}

// Those who have the room may need the very worker that would wait here (ENG-7).
Status ArenaPool::RefuseToWaitInsideOp() const noexcept {
  try {
    // No var: the refusal of a wait inside an op comes before that of a stale handle.
    Status refusal = engine_->AwaitVar({}).status();
    return refusal.code() == StatusCode::kWaitInsideOp ? std::move(refusal) : Status();
  } catch (...) {
    return StatusOfCurrent();
  }
}

void ArenaPool::HandRoomOn() {
  if (first_ != nullptr) {
    Waiter* const waiter = first_;
    first_ = waiter->next;
    if (first_ == nullptr) last_ = nullptr;
    waiter->has_room = true;
    waiter->changed.NotifyOne();
  } else if (--rooms_ == 0) {
    returned_.NotifyAll();
  }
}

Status ArenaPool::Furnish(ArenaPlace& place, std::shared_ptr<const Plan> plan) {
  if (Status fault = TENTER_HIT(probe_, cached_op_sites::kArenaAcquire).error; !fault.ok())
    return fault;
  if (place.arena != nullptr && !place.arena->Fits(plan)) {
    if (!place.arena->DeleteVars()) return NoMemory();
    place.arena = nullptr;
  }
  if (place.arena == nullptr) {
    TENTER_ASSIGN_OR_RETURN(place.arena, Arena::Create(engine_, plan));
  }
  place.arena->Lend(std::move(plan));
  return {};
}

void ArenaPool::Return(ArenaPlaces::iterator place) {
  Arena* const arena = place->arena.get();
  if (arena != nullptr) {
    arena->AwaitOps();
    arena->TakeBack();
  }
  MutexLock lock(mutex_);
  if (arena != nullptr && !closed_ && !arena->unwanted()) {
    place->thread = 0;
    idle_.splice(idle_.end(), lent_, place);
  } else {
    // While the room still counts: once the last lease has ended, the engine may be gone.
    unwanted_.splice(unwanted_.end(), lent_, place);
    Destroy(place);
  }
  HandRoomOn();
}

void ArenaPool::DestroyUnwanted() {
  for (auto place = idle_.begin(); place != idle_.end();) {
    const auto next = std::next(place);
    if (place->arena->unwanted()) unwanted_.splice(unwanted_.end(), idle_, place);
    place = next;
  }
  // From the beginning after each, since others change the list while the lock is let go; each is
  // tried once, and those that could not be destroyed stay.
  for (size_t tries = unwanted_.size(); tries > 0; --tries) {
    const auto place = std::find_if(unwanted_.begin(), unwanted_.end(),
                                    [](const ArenaPlace& p) { return p.thread == 0; });
    if (place == unwanted_.end()) return;
    place->thread = CurrentThreadKey();
    unwanted_.splice(unwanted_.end(), unwanted_, place);
    Destroy(place);
  }
}

void ArenaPool::Destroy(ArenaPlaces::iterator place) {
  mutex_.Unlock();
  if (place->arena != nullptr && place->arena->DeleteVars()) place->arena = nullptr;
  mutex_.Lock();
  place->thread = 0;
  if (place->arena == nullptr) unwanted_.erase(place);
}

void ArenaPool::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  for (Waiter* waiter = first_; waiter != nullptr; waiter = waiter->next)
    waiter->changed.NotifyOne();
  first_ = last_ = nullptr;
  unwanted_.splice(unwanted_.end(), idle_);
  DestroyUnwanted();
}

size_t ArenaPool::in_flight() const {
  MutexLock lock(mutex_);
  return rooms_;
}

size_t ArenaPool::in_flight_max() const {
  MutexLock lock(mutex_);
  return rooms_max_;
}

size_t ArenaPool::waiting() const {
  MutexLock lock(mutex_);
  return waiting_;
}

size_t ArenaPool::idle() const {
  MutexLock lock(mutex_);
  return idle_.size();
}

}  // namespace tenter
