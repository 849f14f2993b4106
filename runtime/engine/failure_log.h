// FailureLog: the root failures that WaitForAll has not reported yet (ERR-6), and the last few
// that it or a wait may be asked about (ERR-7).
//
// Thread safety: none of its own; guarded by its engine's lock.
// Ownership and lifetime: owned by an engine.
// Invariants: (1) each failure leaves TakeUnreported exactly once. (2) at most kRecentKept
//   failures are kept for Find after that.
// Errors: none.
#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <vector>

#include "runtime/engine/failure.h"

namespace tenter {

class FailureLog {
 public:
  static constexpr size_t kRecentKept = 256;

  void Add(FailurePtr failure);

  // All failures added since the previous call, ordered by push number.
  std::vector<FailurePtr> TakeUnreported();

  // The failure whose exception is `exception`, among the unreported and the last kRecentKept; or
  // null.
  FailurePtr Find(const std::exception_ptr& exception) const;

  // The failure that was added last, or null.
  FailurePtr Last() const { return recent_.empty() ? nullptr : recent_.back(); }

 private:
  std::vector<FailurePtr> unreported_;
  std::deque<FailurePtr> recent_;
};

}  // namespace tenter
