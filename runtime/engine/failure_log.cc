#include "runtime/engine/failure_log.h"

#include <algorithm>
#include <utility>

namespace tenter {

void FailureLog::Add(FailurePtr failure) {
  recent_.push_back(failure);
  if (recent_.size() > kRecentKept) recent_.pop_front();
  unreported_.push_back(std::move(failure));
}

std::vector<FailurePtr> FailureLog::TakeUnreported() {
  std::vector<FailurePtr> taken = std::exchange(unreported_, {});
  std::sort(taken.begin(), taken.end(), ReportedBefore);
  return taken;
}

FailurePtr FailureLog::Find(const std::exception_ptr& exception) const {
  const auto is_it = [&](const FailurePtr& failure) { return failure->thrown().Is(exception); };
  if (const auto it = std::find_if(recent_.rbegin(), recent_.rend(), is_it); it != recent_.rend())
    return *it;
  const auto it = std::find_if(unreported_.begin(), unreported_.end(), is_it);
  return it == unreported_.end() ? nullptr : *it;
}

}  // namespace tenter
