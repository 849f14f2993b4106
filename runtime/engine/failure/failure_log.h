// FailureLog: the root failures that a wait for everything has not reported yet (ERR-6), and the
// last few that it or a wait may be asked about (ERR-7).
//
// Thread safety: none of its own; guarded by a lock of its owner.
// Ownership and lifetime: owned by an engine or a scope.
// Invariants: (1) each failure leaves Take exactly once, with its details or as one of a number.
//   (2) of those not taken yet the kDetailsKept with the smallest push numbers keep their details,
//   whatever the order in which they came, so memory is bounded and the report does not depend on
//   the schedule. (3) at most kRecentKept failures are kept for Find after that.
// Errors: where memory is short, a failure is counted only.
#pragma once

#include <array>
#include <cstddef>
#include <exception>
#include <vector>

#include "runtime/engine/failure/failure.h"

namespace tenter {

class FailureLog {
 public:
  static constexpr size_t kDetailsKept = 1000;
  static constexpr size_t kRecentKept = 256;

  // Returns what it forgets instead: an exception is the user's, and is destroyed without a lock.
  using Forgotten = std::array<FailurePtr, 3>;
  [[nodiscard]] Forgotten Add(FailurePtr failure) noexcept;

  // The failures added and not taken yet, ordered by push number, `most` at most. Those without
  // details are in the report that leaves none with details.
  FailureReport Take(size_t most);

  // The failure whose exception is `exception`, among those with details and the last kRecentKept;
  // or null.
  FailurePtr Find(const std::exception_ptr& exception) const;

  // The failure that was added last, or null.
  FailurePtr Last() const { return last_; }

 private:
  FailurePtr Remember(FailurePtr failure) noexcept;
  FailurePtr Keep(FailurePtr failure) noexcept;

  std::vector<FailurePtr> unreported_;  // a heap: whatever is reported last comes first
  uint64_t more_ = 0;                   // without details
  std::vector<FailurePtr> recent_;      // a ring
  size_t next_recent_ = 0;
  FailurePtr last_;
};

}  // namespace tenter
