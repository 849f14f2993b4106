// Failure and Poison: what is known about an op that failed, and the state of a var that it could
// not produce.
//
// Path: a body throws -> Failure -> Poison on the vars that the op writes -> Poison on the vars
// of skipped dependents -> a wait rethrows the root (ERR-1..7).
//
// Thread safety: a Failure is immutable except for its chain, which has a lock of its own (a
//   leaf: nothing is called under it). A Poison is immutable.
// Ownership and lifetime: shared; vars, waiters and the failure log hold references.
// Invariants: (1) a Poison's root has the smallest push number of all failures that reached the
//   var, so it does not depend on the schedule (ERR-3). (2) also() is ordered by push number,
//   without the root.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/base/mutex.h"
#include "runtime/base/thrown.h"

namespace tenter {

// Where an op failed.
enum class FailurePlace {
  kBody,        // its body threw
  kCompletion,  // it completed with an error
  kDropped,     // its completion handle was destroyed uncalled
  kAfterEnd,    // its body threw although the op had completed already
  kDeleter,     // the deleter of a var threw
  kDeadline,    // it had not ended at its deadline
  kCancelled,   // it was cancelled by Stop; no failure of the op, and never reported by WaitForAll
};

std::string_view FailurePlaceName(FailurePlace place);

struct PoisonedOp {
  std::string name;
  uint64_t push_number;
};

class Failure {
 public:
  // The chain keeps this many ops; chain_length() counts on.
  static constexpr size_t kChainKept = 1000;

  Failure(std::string_view op, uint64_t push_number, FailurePlace place, std::string thread,
          Thrown thrown);

  const std::string& op() const { return op_; }
  uint64_t push_number() const { return push_number_; }
  FailurePlace place() const { return place_; }
  const std::string& thread() const { return thread_; }
  const Thrown& thrown() const { return thrown_; }

  // The ops whose outputs this failure has poisoned so far, ordered by push number.
  std::vector<PoisonedOp> Chain() const EXCLUDES(mutex_);
  uint64_t chain_length() const EXCLUDES(mutex_);

  // Records that `op` was poisoned; only its number where memory is short. Called by engines only.
  void AddToChain(std::string_view op, uint64_t push_number) const noexcept EXCLUDES(mutex_);

  // "op 'conv1' (push 12) failed in its body on thread tenter-w0: std::runtime_error: boom".
  std::string ToString() const;

 private:
  const std::string op_;
  const uint64_t push_number_;
  const FailurePlace place_;
  const std::string thread_;
  const Thrown thrown_;
  mutable Mutex mutex_;
  mutable std::vector<PoisonedOp> chain_ GUARDED_BY(mutex_);
  mutable uint64_t chain_length_ GUARDED_BY(mutex_) = 0;
};

using FailurePtr = std::shared_ptr<const Failure>;

// The order of reports: by push number, then by place.
bool ReportedBefore(const FailurePtr& a, const FailurePtr& b);

class Poison {
 public:
  // Of the failures that reached a var those with the smallest push numbers are kept, so many. What
  // one more failure costs therefore does not depend on how many there were before (ERR-11).
  static constexpr size_t kFailuresKept = 16;

  // REQUIRES: failures is not empty, ordered by push number, distinct, no longer than that.
  Poison(std::vector<FailurePtr> failures, bool more)
      : failures_(std::move(failures)), more_(more) {}

  const FailurePtr& root() const { return failures_.front(); }
  std::span<const FailurePtr> also() const { return std::span(failures_).subspan(1); }
  std::span<const FailurePtr> all() const { return failures_; }
  bool more() const { return more_; }  // others reached the var, which are not kept

 private:
  const std::vector<FailurePtr> failures_;
  const bool more_;
};

// Null when the var is healthy.
using PoisonPtr = std::shared_ptr<const Poison>;

// What an op may leave in its outputs: all failures of its poisoned inputs, and its own. Which ones
// are kept does not depend on the order of Add: the first kFailuresKept of a union are found from
// the first kFailuresKept of its parts.
class PoisonMerge {
 public:
  void Add(const PoisonPtr& input);  // null: healthy
  void Add(const FailurePtr& own);
  bool empty() const { return count_ == 0; }
  std::span<const FailurePtr> failures() const { return {failures_.data(), count_}; }

  // Null when nothing was added. A single poison is passed on as it is. Throws std::bad_alloc.
  PoisonPtr Take() const;

 private:
  PoisonPtr only_;  // when it was the only one that was added
  size_t count_ = 0;
  bool more_ = false;
  std::array<FailurePtr, Poison::kFailuresKept> failures_;  // ordered by push number, distinct
};

// What a wait for everything found.
struct FailureReport {
  std::vector<FailurePtr> failures = {};  // ordered by push number
  uint64_t more = 0;  // failures of which only the number is known, since they were too many
  uint64_t left = 0;  // not reported yet: the caller asked for fewer
};

// What WaitForAll throws: every root failure since the previous WaitForAll, ordered by push number.
class AggregateError : public std::runtime_error {
 public:
  explicit AggregateError(FailureReport report);
  std::span<const FailurePtr> failures() const { return report_.failures; }
  uint64_t more() const { return report_.more; }  // failures beyond those

 private:
  FailureReport report_;
};

}  // namespace tenter
