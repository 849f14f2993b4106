// Counts: how many cases there were and what they held, printed as coverage.
//
// Thread safety: atomic, in memory that parent and children share.
// Ownership and lifetime: SharedCounts owns that memory.
// Invariants: next_case names the case that runs, so that the parent knows it when the child dies.
#pragma once

#include <string_view>

#include "fuzz/program/program.h"
#include "runtime/base/atomic.h"

namespace tenter::fuzz {

// How often something occurred; printed as coverage.
enum class Count {
  kCases,
  kOps,
  kSeveralPushers,
  kFailingOps,
  kAsyncOps,
  kDeletes,
  kWaits,
  kWaitAlls,
  kStops,
  kCancels,
  kPushesInside,
  kWaitsInside,
  kOutOfMemory,
  kRunDependents,
  kNaive,
  kGated,
  kIdle,
  kForks,
  kParity,
  kRecordedOps,
  kReplays,
  kTimesOut,
  kRaces,
  kScopedOps,
  kScopeCancels,
  kScopeDeadlines,
  kScopedReplays,
  kBulkOps,
  kMeetings,
  kManyVars,
  kEnd
};
std::string_view CountName(Count count);

struct Counts {
  Atomic<uint64_t> next_case = 0;
  Atomic<uint64_t> counts[static_cast<size_t>(Count::kEnd)];
};

// Counts in memory that parent and children share.
class SharedCounts {
 public:
  SharedCounts();
  ~SharedCounts();
  SharedCounts(const SharedCounts&) = delete;
  Counts* get() const { return counts_; }

 private:
  Counts* counts_;
};

void CountCase(const Program& program, Counts* counts);

}  // namespace tenter::fuzz
