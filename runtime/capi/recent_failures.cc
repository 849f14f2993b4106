#include "runtime/capi/recent_failures.h"

#include <algorithm>
#include <utility>

#include "runtime/capi/context.h"

namespace tenter {

void RecentFailures::Fill(const FailurePtr& failure, tenter_failure* out) {
  out->push_number = failure->push_number();
  out->chain_length = failure->chain_length();
  CopyText(failure->op(), out->op, sizeof(out->op));
  CopyText(FailurePlaceName(failure->place()), out->place, sizeof(out->place));
  CopyText(failure->thread(), out->thread, sizeof(out->thread));
  FillError(failure->thrown(), &out->error);
  Keep(failure);
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

FailurePtr RecentFailures::Find(const tenter_failure& out) const {
  MutexLock lock(mutex_);
  const auto it = std::find_if(kept_.rbegin(), kept_.rend(), [&](const FailurePtr& failure) {
    return failure->push_number() == out.push_number &&
           FailurePlaceName(failure->place()) == out.place;
  });
  return it == kept_.rend() ? nullptr : *it;
}

}  // namespace tenter
