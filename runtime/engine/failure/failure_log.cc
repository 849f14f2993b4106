#include "runtime/engine/failure/failure_log.h"

#include <algorithm>
#include <iterator>
#include <new>
#include <utility>

namespace tenter {

FailureLog::Forgotten FailureLog::Add(FailurePtr failure) noexcept {
  FailurePtr last = std::exchange(last_, failure);
  FailurePtr recent = Remember(failure);
  return {std::move(last), std::move(recent), Keep(std::move(failure))};
}

// Where memory is short, the failure is not found later.
FailurePtr FailureLog::Remember(FailurePtr failure) noexcept {
  if (recent_.size() == kRecentKept) {
    FailurePtr& oldest = recent_[next_recent_++ % kRecentKept];
    return std::exchange(oldest, std::move(failure));
  }
  try {
    recent_.push_back(std::move(failure));
  } catch (const std::bad_alloc&) {
  }
  return nullptr;
}

FailurePtr FailureLog::Keep(FailurePtr failure) noexcept {
  if (unreported_.size() == kDetailsKept) {
    ++more_;
    if (!ReportedBefore(failure, unreported_.front())) return failure;
    std::pop_heap(unreported_.begin(), unreported_.end(), ReportedBefore);
    std::swap(unreported_.back(), failure);
    std::push_heap(unreported_.begin(), unreported_.end(), ReportedBefore);
    return failure;
  }
  try {
    unreported_.push_back(failure);
    std::push_heap(unreported_.begin(), unreported_.end(), ReportedBefore);
    return nullptr;
  } catch (const std::bad_alloc&) {
    ++more_;
    return failure;
  }
}

FailureReport FailureLog::Take(size_t most) {
  FailureReport report;
  std::sort(unreported_.begin(), unreported_.end(), ReportedBefore);
  const auto end =
      unreported_.begin() + static_cast<std::ptrdiff_t>(std::min(most, unreported_.size()));
  report.failures.assign(unreported_.begin(), end);  // may throw, with nothing taken
  unreported_.erase(unreported_.begin(), end);
  std::make_heap(unreported_.begin(), unreported_.end(), ReportedBefore);
  if (unreported_.empty()) {
    unreported_.shrink_to_fit();
    report.more = std::exchange(more_, 0);
  }
  report.left = unreported_.size() + more_;
  return report;
}

FailurePtr FailureLog::Find(const std::exception_ptr& exception) const {
  const auto is_it = [&](const FailurePtr& failure) { return failure->thrown().Is(exception); };
  for (const auto* failures : {&recent_, &unreported_})
    if (const auto it = std::find_if(failures->begin(), failures->end(), is_it);
        it != failures->end())
      return *it;
  return nullptr;
}

}  // namespace tenter
