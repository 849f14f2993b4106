// Requests of ArenaPool that run as one, in one place.
#include <new>
#include <utility>

#include "runtime/cached_op/arena_pool.h"

namespace tenter {

// Nobody is overtaken: only those go along that are the first in the queue.
size_t ArenaPool::CountFrom(const Entrant& first) const {
  size_t found = 1;
  for (const Entrant* next = first_; next != nullptr && next->kind == first.kind &&
                                     next->priority == first.priority && found < limits_.together();
       next = next->after)
    ++found;
  return found;
}

size_t ArenaPool::CountAlong(const Entrant& first) const {
  MutexLock lock(mutex_);
  return CountFrom(first);
}

bool ArenaPool::TakeAlong(Entrant& first, Entrant& batch, size_t size) noexcept {
  MutexLock lock(mutex_);
  if (CountFrom(first) < size) return false;
  Entrant* last = &first;
  for (size_t i = 1; i < size; ++i) {
    Entrant* const next = first_;
    RemoveWaiting(next);
    last->after = next;
    last = next;
  }
  last->after = nullptr;
  first.has_place = false;
  batch.along = size - 1;
  along_ += batch.along;
  batched_ += size;
  GivePlace(&batch, first.place);
  return true;
}

void ArenaPool::LeaveBatch(Entrant& batch) noexcept {
  MutexLock lock(mutex_);
  if (batch.along == 0) return;  // it was the last, whose place is given back
  --batch.along;
  --along_;
}

// All under one lock: as soon as one of them is in the queue others may begin and end it, and then
// the cached op may go.
Entrant* ArenaPool::ReturnAndPutBack(Entrant* ran, Entrant& batch) noexcept {
  if (Arena* const arena = batch.place->arena.get(); arena != nullptr) arena->TakeBack();
  MutexLock lock(mutex_);
  const Place place = TakeBack(batch);
  Entrant* going_on = nullptr;
  Entrant** link = &going_on;
  const auto add = [&link](Entrant* entrant) {
    *link = entrant;
    link = &entrant->after;
    entrant->after = nullptr;
  };
  // The last one first, so that the first one comes before all others.
  Entrant* backwards = nullptr;
  while (ran != nullptr) {
    Entrant* const next = std::exchange(ran->after, backwards);
    backwards = std::exchange(ran, next);
  }
  while (backwards != nullptr) {
    Entrant* const entrant = std::exchange(backwards, backwards->after);
    entrant->kind = nullptr;
    entrant->withdrawn ? add(entrant) : AddFirst(entrant);
  }
  if (Entrant* const next = HandOn(place); next != nullptr) add(next);
  try {
    while (first_ != nullptr && lent_.size() < limits_.running) {
      const Place free = TakeFreePlace(nullptr);
      Entrant* const next = first_;
      RemoveWaiting(next);
      GivePlace(next, free);
      add(next);
    }
  } catch (const std::bad_alloc&) {  // for a place: then they wait for the one that was given
  }
  return going_on;
}

uint64_t ArenaPool::batched() const {
  MutexLock lock(mutex_);
  return batched_;
}

// Before all of the same priority or a lower one.
void ArenaPool::AddFirst(Entrant* entrant) {
  Entrant* after = first_;
  while (after != nullptr && after->priority > entrant->priority) after = after->after;
  entrant->after = after;
  entrant->before = after == nullptr ? last_ : after->before;
  (after == nullptr ? last_ : after->before) = entrant;
  (entrant->before == nullptr ? first_ : entrant->before->after) = entrant;
  entrant->waits = true;
  ++waiting_;
}

}  // namespace tenter
