#include "runtime/cached_op/fork_hold.h"

#include <new>

namespace tenter {

void ForkHold::Enter() {
  MutexLock lock(mutex_);
  while (forking_) changed_.Wait(mutex_);
  ++inside_;
}

void ForkHold::Leave() {
  MutexLock lock(mutex_);
  --inside_;
  if (forking_) changed_.NotifyAll();
}

// The lock is taken here and released by one of the other two; the analysis cannot follow that.
void ForkHold::BeforeFork() NO_THREAD_SAFETY_ANALYSIS {
  mutex_.Lock();
  forking_ = true;
  while (inside_ > 0) changed_.Wait(mutex_);
}

void ForkHold::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS {
  forking_ = false;
  changed_.NotifyAll();
  mutex_.Unlock();
}

void ForkHold::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  new (&changed_) CondVar;  // those who waited exist in the parent only
  forking_ = false;
  mutex_.Unlock();
}

}  // namespace tenter
