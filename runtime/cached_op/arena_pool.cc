#include "runtime/cached_op/arena_pool.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "runtime/base/thread.h"
#include "runtime/cached_op/no_memory.h"

namespace tenter {
namespace {

// For an arena whose vars could not be deleted, because the engine was stopped.
void AwaitAbandoned(const Arena& arena) noexcept {
  try {
    arena.AwaitVars();
  } catch (const std::bad_alloc&) {  // no memory for the text of a refusal: nothing is pending then
  }
}

}  // namespace

ArenaLease::~ArenaLease() {
  if (pool_ != nullptr) pool_->Return(place_);
}

ArenaPool::ArenaPool(Engine* engine, size_t capacity, WhenFull when_full, Probe* probe)
    : engine_(engine), capacity_(capacity), when_full_(when_full), probe_(probe) {
  TENTER_CHECK(capacity > 0, "an arena pool needs room for one request");
  JoinFork(this);
}

ArenaPool::~ArenaPool() {
  Close();
  AwaitLeases();
  LeaveFork(this);
}

void ArenaPool::AwaitLeases() {
  MutexLock lock(mutex_);
  while (!lent_.empty()) returned_.Wait(mutex_);
  for (const ArenaPlace& place : unwanted_)
    if (place.arena != nullptr && place.arena->abandoned()) AwaitAbandoned(*place.arena);
}

Result<ArenaLease> ArenaPool::Acquire(std::shared_ptr<const Plan> plan) {
  try {
    TENTER_ASSIGN_OR_RETURN(const Place place, TakePlace(plan));
    ArenaLease lease(this, place);
    TENTER_RETURN_IF_ERROR(Furnish(*place, std::move(plan)));
    return lease;
  } catch (const std::bad_alloc&) {
    return NoMemory();
  }
}

Result<ArenaPool::Place> ArenaPool::TakePlace(const std::shared_ptr<const Plan>& plan) {
  MutexLock lock(mutex_);
  if (closed_) return Status(StatusCode::kClosed, "the cached op was freed");
  if (lent_.size() == capacity_) return AwaitPlace();
  const Place place = TakeFreePlace(plan);
  lent_max_ = std::max(lent_max_, lent_.size());
  DestroyUnwanted();
  return place;
}

// All places are lent, so there is no idle arena to choose: the place comes with an arena, which
// Furnish replaces when it is of another plan.
Result<ArenaPool::Place> ArenaPool::AwaitPlace() {
  if (when_full_ == WhenFull::kRefuse)
    return Status(
        StatusCode::kResourceExhausted,
        std::to_string(capacity_) + " requests are in flight, the most that this op allows");
  // A worker that waited here could be the one that the requests in flight need (ENG-7).
  if (engine_ != nullptr)
    TENTER_RETURN_IF_ERROR(engine_->RefuseInsideOp("a wait for room in a cached op"));
  Waiter waiter;
  waiter.thread = CurrentThreadKey();
  (last_ == nullptr ? first_ : last_->next) = &waiter;
  last_ = &waiter;
  ++waiting_;
  while (!waiter.has_place && !closed_) waiter.changed.Wait(mutex_);
  --waiting_;
  if (waiter.has_place) return waiter.place;
  return Status(StatusCode::kClosed, "the cached op was freed");
}

// A place with an idle arena of this plan. Else, when there is no room for one more arena, the
// place of the oldest idle one, which Furnish replaces. Else a new place.
ArenaPool::Place ArenaPool::TakeFreePlace(const std::shared_ptr<const Plan>& plan) {
  auto place = std::find_if(idle_.begin(), idle_.end(),
                            [&](const ArenaPlace& idle) { return idle.arena->Fits(plan); });
  if (place == idle_.end() && lent_.size() + idle_.size() >= capacity_) place = idle_.begin();
  if (place == idle_.end())
    place = lent_.emplace(lent_.end());
  else
    lent_.splice(lent_.end(), idle_, place);
  place->thread = CurrentThreadKey();
  return place;
}

void ArenaPool::Return(Place place) {
  Arena* const arena = place->arena.get();
  if (arena != nullptr) {
    arena->AwaitOps();
    arena->TakeBack();
  }
  MutexLock lock(mutex_);
  // Before the place is handed on: the engine may be destroyed as soon as the last lease has ended.
  if (arena != nullptr && (closed_ || arena->unwanted())) Empty(*place);
  HandOn(place);
}

void ArenaPool::HandOn(Place place) {
  if (first_ != nullptr) {
    Waiter* const waiter = first_;
    first_ = waiter->next;
    if (first_ == nullptr) last_ = nullptr;
    place->thread = waiter->thread;
    waiter->place = place;
    waiter->has_place = true;
    waiter->changed.NotifyOne();
    return;
  }
  place->thread = 0;
  if (place->arena == nullptr)
    lent_.erase(place);
  else if (closed_ || place->arena->unwanted())
    unwanted_.splice(unwanted_.end(), lent_, place);
  else
    idle_.splice(idle_.end(), lent_, place);
  if (lent_.empty()) returned_.NotifyAll();
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
  return lent_.size();
}

size_t ArenaPool::bytes() const {
  MutexLock lock(mutex_);
  size_t bytes = 0;
  for (const ArenaPlaces* places : {&lent_, &idle_, &unwanted_})
    for (const ArenaPlace& place : *places)
      if (place.arena != nullptr) bytes += place.arena->bytes();
  return bytes;
}

size_t ArenaPool::in_flight_max() const {
  MutexLock lock(mutex_);
  return lent_max_;
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
