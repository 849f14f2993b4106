// ArenaPool and fork: the child gets a copy in which no arena is half changed, and takes back what
// is lent to threads of the parent.
#include <iterator>

#include "runtime/base/thread.h"
#include "runtime/cached_op/arena_pool.h"

namespace tenter {

// The lock is taken here and released by one of the other two; the analysis cannot follow that.
void ArenaPool::BeforeFork() NO_THREAD_SAFETY_ANALYSIS {
  mutex_.Lock();
  for (ArenaPlace& place : lent_)
    if (place.arena != nullptr) place.arena->LockForFork();
}

void ArenaPool::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS {
  for (ArenaPlace& place : lent_)
    if (place.arena != nullptr) place.arena->UnlockAfterFork();
  mutex_.Unlock();
}

void ArenaPool::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  first_ = last_ = nullptr;  // those who waited exist in the parent only
  waiting_ = along_ = 0;
  for (ArenaPlace& place : unwanted_)
    if (place.thread != CurrentThreadKey()) place.thread = 0;
  for (Place place = lent_.begin(); place != lent_.end();) {
    const Place next = std::next(place);
    if (place->arena != nullptr) place->arena->UnlockAfterFork();
    if (place->thread != CurrentThreadKey()) {
      place->thread = 0;
      if (place->arena != nullptr) place->arena->Abandon();
      unwanted_.splice(unwanted_.end(), lent_, place);
    }
    place = next;
  }
  mutex_.Unlock();
}

}  // namespace tenter
