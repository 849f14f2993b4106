// Batch: cases one after the other in one child, and what all cases together held.
//
// Path: seed, case number -> GenerateProgram -> RunCase -> next, until the time is over.
//
// Thread safety: Counts are atomic; RunBatch runs on the only thread of a fresh child.
// Ownership and lifetime: SharedCounts owns memory that parent and children share.
// Invariants: case i of seed s is the same program on every machine. next_case names the case that
//   runs, so that the parent knows it when the child dies.
// Errors: none.
#pragma once

#include <string_view>
#include <vector>

#include "fuzz/judge/properties.h"
#include "fuzz/process/child.h"
#include "fuzz/program/generate.h"
#include "runtime/base/atomic.h"

namespace tenter::fuzz {

struct CampaignOptions {
  uint64_t seed = 1;
  double seconds = 10;
  double shrink_seconds = 30;
  int64_t case_limit_ms = 5000;  // then a case counts as hanging
  std::vector<int> workers = {0, 1, 2, 4, 8};
  int most_ops = 24;
  std::vector<const Property*> properties;  // in turn
};

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
  kBulkOps,
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

// The program of a case, and the property whose profile it has.
Program ProgramOfCase(const CampaignOptions& options, uint64_t case_number,
                      const Property** property);

// Runs cases from counts->next_case on, and ends the child.
[[noreturn]] void RunBatch(const CampaignOptions& options, int64_t until_ns, Counts* counts,
                           const Reporter& reporter);

}  // namespace tenter::fuzz
