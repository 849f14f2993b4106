#include "runtime/cached_op/arena_pool.h"

#include <algorithm>
#include <iterator>
#include <new>
#include <string>
#include <utility>

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

ArenaPool::ArenaPool(Engine* engine, const PoolLimits& limits, Probe* probe)
    : engine_(engine), limits_(limits), probe_(probe) {
  TENTER_CHECK(limits.running > 0, "an arena pool needs room for one request");
  JoinFork(this);
}

ArenaPool::~ArenaPool() {
  {
    MutexLock lock(mutex_);
    TENTER_CHECK(closed_ && lent_.empty(), "an arena pool was destroyed under a request");
    for (const ArenaPlace& place : unwanted_)
      if (place.arena != nullptr && place.arena->abandoned()) AwaitAbandoned(*place.arena);
  }
  LeaveFork(this);
}

Result<bool> ArenaPool::EnterIfFree(Entrant* entrant, const std::shared_ptr<const Plan>& plan) {
  MutexLock lock(mutex_);
  return TryEnter(entrant, plan);
}

Result<bool> ArenaPool::Enter(Entrant* entrant, const std::shared_ptr<const Plan>& plan) {
  MutexLock lock(mutex_);
  TENTER_ASSIGN_OR_RETURN(const bool placed, TryEnter(entrant, plan));
  if (placed) return true;
  TENTER_RETURN_IF_ERROR(MayWait(*entrant));
  AddWaiting(entrant);
  return false;
}

Result<bool> ArenaPool::TryEnter(Entrant* entrant, const std::shared_ptr<const Plan>& plan) {
  if (closed_) return Status(StatusCode::kClosed, "the cached op was freed");
  if (entrant->withdrawn) return Status(StatusCode::kStopped, "it was cancelled before it began");
  if (lent_.size() == limits_.running) return false;
  GivePlace(entrant, TakeFreePlace(plan));
  DestroyUnwanted();
  return true;
}

Status ArenaPool::MayWait(const Entrant& entrant) const {
  if (limits_.when_full == WhenFull::kRefuse && running() + waiting_ >= limits_.in_flight)
    return {StatusCode::kResourceExhausted,
            std::to_string(limits_.in_flight) +
                " requests are in flight, the most that this op allows"};
  // A worker that waited here could be the one that the requests in flight need (ENG-7).
  if (!entrant.blocks || engine_ == nullptr) return {};
  return engine_->RefuseInsideOp("a wait for room in a cached op");
}

// Behind all of the same priority or a higher one.
void ArenaPool::AddWaiting(Entrant* entrant) {
  Entrant* before = last_;
  while (before != nullptr && before->priority < entrant->priority) before = before->before;
  entrant->before = before;
  entrant->after = before == nullptr ? first_ : before->after;
  (before == nullptr ? first_ : before->after) = entrant;
  (entrant->after == nullptr ? last_ : entrant->after->before) = entrant;
  entrant->waits = true;
  ++waiting_;
}

void ArenaPool::RemoveWaiting(Entrant* entrant) {
  (entrant->before == nullptr ? first_ : entrant->before->after) = entrant->after;
  (entrant->after == nullptr ? last_ : entrant->after->before) = entrant->before;
  entrant->waits = false;
  --waiting_;
}

void ArenaPool::GivePlace(Entrant* entrant, Place place) {
  place->thread = entrant->thread;
  entrant->place = place;
  entrant->has_place = true;
  running_max_ = std::max(running_max_, running());
}

// A new place where no arena is idle. Else of those that fit the plan the one that was used last,
// whose memory is the warmest, or of all when none fits.
ArenaPool::Place ArenaPool::TakeFreePlace(const std::shared_ptr<const Plan>& plan) {
  if (idle_.empty()) return lent_.emplace(lent_.end());
  const auto fits = std::find_if(idle_.rbegin(), idle_.rend(),
                                 [&](const ArenaPlace& idle) { return idle.arena->Fits(plan); });
  const Place place = std::prev(fits == idle_.rend() ? idle_.end() : fits.base());
  lent_.splice(lent_.end(), idle_, place);
  return place;
}

Entrant* ArenaPool::Return(Entrant& entrant) noexcept {
  if (Arena* const arena = entrant.place->arena.get(); arena != nullptr) arena->TakeBack();
  MutexLock lock(mutex_);
  return HandOn(TakeBack(entrant));
}

// REQUIRES: its arena was taken back.
ArenaPool::Place ArenaPool::TakeBack(Entrant& entrant) {
  entrant.has_place = false;
  along_ -= std::exchange(entrant.along, 0);
  if (closed_) Empty(*entrant.place);
  return entrant.place;
}

// To whoever is first. What he gets comes with its arena.
Entrant* ArenaPool::HandOn(Place place) {
  if (Entrant* const next = first_; next != nullptr) {
    RemoveWaiting(next);
    GivePlace(next, place);
    return next;
  }
  place->thread = 0;
  if (place->arena == nullptr)
    lent_.erase(place);
  else if (closed_)
    unwanted_.splice(unwanted_.end(), lent_, place);
  else
    idle_.splice(idle_.end(), lent_, place);
  return nullptr;
}

bool ArenaPool::Withdraw(Entrant& entrant) noexcept {
  MutexLock lock(mutex_);
  entrant.withdrawn = true;
  if (!entrant.waits) return false;
  RemoveWaiting(&entrant);
  return true;
}

Entrant* ArenaPool::Close() noexcept {
  MutexLock lock(mutex_);
  closed_ = true;
  for (Entrant* entrant = first_; entrant != nullptr; entrant = entrant->after)
    entrant->waits = false;
  Entrant* const waited = std::exchange(first_, nullptr);
  last_ = nullptr;
  waiting_ = 0;
  unwanted_.splice(unwanted_.end(), idle_);
  DestroyUnwanted();
  return waited;
}

size_t ArenaPool::in_flight() const {
  MutexLock lock(mutex_);
  return running();
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
  return running_max_;
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
