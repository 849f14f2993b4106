#include "runtime/engine/threaded/open_bulks.h"

#include <algorithm>

namespace tenter {

void OpenBulks::Join(ThreadedBulk* bulk) {
  MutexLock lock(mutex_);
  bulks_.push_back(bulk);
  open_.FetchAdd(1, kSeqCst);
}

void OpenBulks::Leave(ThreadedBulk* bulk) {
  MutexLock lock(mutex_);
  bulks_.erase(std::find(bulks_.begin(), bulks_.end(), bulk));
  open_.FetchSub(1, kSeqCst);
}

void OpenBulks::Flush(uint64_t thread, const ThreadedBulk* but) {
  host_->AwaitFirstCall();
  HandedOver handed_over;
  {
    MutexLock lock(mutex_);
    for (ThreadedBulk* bulk : bulks_)
      if (bulk != but && (thread == kAnyThread || bulk->owner() == thread))
        bulk->HandOverNow(&handed_over);
  }
  host_->FinishHandOver(handed_over);
}

// The analysis of locks cannot follow a number of them that is known at run time only.
void OpenBulks::LockAll() NO_THREAD_SAFETY_ANALYSIS {
  mutex_.Lock();
  for (ThreadedBulk* bulk : bulks_) bulk->mutex().Lock();
}

// As LockAll.
void OpenBulks::UnlockAll() NO_THREAD_SAFETY_ANALYSIS {
  for (ThreadedBulk* bulk : bulks_) bulk->mutex().Unlock();
  mutex_.Unlock();
}

}  // namespace tenter
