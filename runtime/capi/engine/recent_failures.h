// RecentFailures: the failures that a C caller was told about lately, so that it can ask for more
// about one of them.
//
// Path: tenter_wait_for_var, tenter_wait_for_all ... -> Tell -> tenter_failure_chain -> Find.
//
// LOCK ORDER: mutex_ is a leaf; no failure is destroyed under it: the exception is the user's.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: shares the failures that it keeps.
// Invariants: a failure is kept once; at most kKept are, the latest.
#pragma once

#include <cstddef>
#include <deque>
#include <string_view>

#include "runtime/capi/context/fork_mutex.h"
#include "runtime/capi/context/sized.h"
#include "runtime/capi/tenter/tenter.h"
#include "runtime/engine/failure/failure.h"

namespace tenter {

// Where callers want failures.
using FailureArray = ResultArray<tenter_failure>;
inline constexpr const char* kFailure = "tenter_failure";

class RecentFailures {
 public:
  static constexpr size_t kKept = 256;

  // What is known about `failure`, which is kept.
  tenter_failure Tell(const FailurePtr& failure) EXCLUDES(mutex_);

  // The failure that `told` came from, or null when it is too long ago.
  FailurePtr Find(const tenter_failure& told) const EXCLUDES(mutex_);

 private:
  void Keep(const FailurePtr& failure) EXCLUDES(mutex_);

  mutable ForkMutex mutex_;
  std::deque<FailurePtr> kept_ GUARDED_BY(mutex_);
};

}  // namespace tenter
