#include "fuzz/engine/beside/forks.h"

namespace tenter::fuzz {

void Forks::Fork() {
#if !defined(TENTER_TSAN)
  if (in_child()) return;
  Child child;
  reporter_ = Child::Fork(&child);
  if (!in_child()) children_.push_back(child);
#endif
}

void Forks::Tell(const std::optional<Finding>& finding) const {
  if (!finding.has_value()) reporter_->Clean();
  reporter_->Found(*finding);
}

std::optional<Finding> Forks::Await(int64_t limit_ns) {
  std::optional<Finding> first;
  for (Child& child : children_) {
    std::optional<Finding> finding = child.Collect(limit_ns);
    if (first.has_value() || !finding.has_value()) continue;
    first = std::move(finding);
    first->detail = "in the child of a fork: " + first->detail;
  }
  children_.clear();
  return first;
}

}  // namespace tenter::fuzz
