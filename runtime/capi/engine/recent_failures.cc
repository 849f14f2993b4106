#include "runtime/capi/engine/recent_failures.h"

#include <algorithm>
#include <utility>

#include "runtime/capi/context/context.h"

namespace tenter {

tenter_failure RecentFailures::Tell(const FailurePtr& failure) {
  tenter_failure told = {};
  told.push_number = failure->push_number();
  told.chain_length = failure->chain_length();
  CopyText(failure->op(), told.op, sizeof(told.op));
  CopyText(FailurePlaceName(failure->place()), told.place, sizeof(told.place));
  CopyText(failure->thread(), told.thread, sizeof(told.thread));
  FillError(failure->thrown(), &told.error);
  Keep(failure);
  return told;
}

void RecentFailures::Keep(const FailurePtr& failure) {
  FailurePtr evicted;  // destroyed without the lock
  MutexLock lock(mutex_);
  if (std::find(kept_.begin(), kept_.end(), failure) != kept_.end()) return;
  kept_.push_back(failure);
  if (kept_.size() <= kKept) return;
  evicted = std::move(kept_.front());
  kept_.pop_front();
}

FailurePtr RecentFailures::Find(const tenter_failure& told) const {
  MutexLock lock(mutex_);
  const auto it = std::find_if(kept_.rbegin(), kept_.rend(), [&](const FailurePtr& failure) {
    return failure->push_number() == told.push_number &&
           FailurePlaceName(failure->place()) == told.place;
  });
  return it == kept_.rend() ? nullptr : *it;
}

}  // namespace tenter
