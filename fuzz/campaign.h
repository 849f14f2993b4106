// Campaign: case after case in children of this process, until the time is over or a contract is
// broken; then the smallest program, and how often it fails.
//
// Path: seed, case number -> GenerateProgram -> RunCase in a child -> finding -> Shrink -> CampaignResult.
//
// Thread safety: the parent must have one thread only (RunInChild).
// Ownership and lifetime: the counts live in memory that parent and child share.
// Invariants: case i of seed s is the same program on every machine.
// Errors: none.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/generate.h"
#include "fuzz/judge.h"
#include "fuzz/program.h"
#include "fuzz/properties.h"
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
  kParity,
  kEnd
};
std::string_view CountName(Count count);

struct Counts {
  Atomic<uint64_t> next_case = 0;
  Atomic<uint64_t> counts[static_cast<size_t>(Count::kEnd)];
};

struct CampaignResult {
  Finding finding;
  Program original, minimal;
  std::string property;
  uint64_t case_number = 0;
  double found_after_s = 0, shrunk_after_s = 0;
  int came_back = 0, tried = 0;  // the minimal program, run again
};

// The program of a case, and the property whose profile it has.
Program ProgramOfCase(const CampaignOptions& options, uint64_t case_number,
                      const Property** property);

// `progress` is called about once a second.
std::optional<CampaignResult> RunCampaign(
    const CampaignOptions& options, const std::function<void(const Counts&)>& progress,
    const std::function<void(const Finding&, uint64_t)>& found);

// Runs a program up to `times` times, in a fresh process after each finding, and stops after `most`
// findings.
struct Replayed {
  std::vector<Finding> findings;
  int rounds = 0;  // that were run
};
Replayed Replay(const Program& program, int times, int most, int64_t case_limit_ms);

}  // namespace tenter::fuzz
