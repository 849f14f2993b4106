// The arenas of ArenaPool: how a place gets one, and how those are destroyed that nobody wants.
#include <algorithm>
#include <utility>

#include "runtime/base/thread.h"
#include "runtime/cached_op/arena_pool.h"
#include "runtime/cached_op/sites.h"

namespace tenter {

Status ArenaPool::Furnish(Entrant& entrant, std::shared_ptr<const Plan> plan) {
  if (plan->requests() == 1)
    if (Status fault = TENTER_HIT(probe_, cached_op_sites::kArenaAcquire).error; !fault.ok())
      return fault;
  if (entrant.place->arena == nullptr) {
    auto fresh = std::make_shared<Arena>(engine_);
    MutexLock lock(mutex_);
    entrant.place->arena = std::move(fresh);
  }
  return entrant.arena().Lend(std::move(plan));
}

void ArenaPool::DestroyUnwanted() {
  // Empty lets the lock go, and others change the list then: so each search starts at the
  // beginning. A place that was tried goes to the end of the list, so that each is tried once.
  for (size_t tries = unwanted_.size(); tries > 0; --tries) {
    const Place place = std::find_if(unwanted_.begin(), unwanted_.end(),
                                     [](const ArenaPlace& p) { return p.thread == 0; });
    if (place == unwanted_.end()) return;
    place->thread = CurrentThreadKey();
    unwanted_.splice(unwanted_.end(), unwanted_, place);
    const bool emptied = Empty(*place);
    place->thread = 0;
    if (emptied) unwanted_.erase(place);
  }
}

// False when the vars could not be deleted now.
bool ArenaPool::Empty(ArenaPlace& place) {
  if (place.arena == nullptr) return true;
  mutex_.Unlock();
  const bool deleted = Arena::DeleteVars(place.arena);
  mutex_.Lock();
  if (deleted) place.arena = nullptr;
  return deleted;
}

}  // namespace tenter
