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
// Errors: none of its own.
#pragma once

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

  // Records that `op` was poisoned. Called by engines only.
  void AddToChain(std::string_view op, uint64_t push_number) const EXCLUDES(mutex_);

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
  // REQUIRES: failures is not empty.
  explicit Poison(std::vector<FailurePtr> failures);

  const FailurePtr& root() const { return failures_.front(); }
  std::span<const FailurePtr> also() const { return std::span(failures_).subspan(1); }
  std::span<const FailurePtr> all() const { return failures_; }

 private:
  std::vector<FailurePtr> failures_;  // ordered by push number, distinct
};

// Null when the var is healthy.
using PoisonPtr = std::shared_ptr<const Poison>;

// The poison of an op's outputs: all failures of its poisoned inputs, and its own when it has one.
// Null when there is none.
PoisonPtr CombinePoison(std::span<const PoisonPtr> inputs, const FailurePtr& own);

// The same for the op `op`, which is recorded in the chain of every failure that its inputs carry.
PoisonPtr PoisonLeftBy(std::string_view op, uint64_t push_number, std::span<const PoisonPtr> inputs,
                       const FailurePtr& own);

// What WaitForAll throws: every root failure since the previous WaitForAll, ordered by push number.
class AggregateError : public std::runtime_error {
 public:
  explicit AggregateError(std::vector<FailurePtr> failures);
  std::span<const FailurePtr> failures() const { return failures_; }

 private:
  std::vector<FailurePtr> failures_;
};

}  // namespace tenter
