// Campaign: batch after batch in children of this process, until the time is over or a contract is
// broken; then the smallest program, and how often it fails.
//
// Path: RunBatch in a child -> finding -> Minimise -> CampaignResult.
//
// Thread safety: the parent must have one thread only (RunInChild).
// Ownership and lifetime: values.
// Invariants: the first finding ends the search.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "fuzz/frame/batch.h"
#include "fuzz/frame/minimise.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz {

struct CampaignResult {
  Finding finding;
  std::string original, minimal;
  std::string property;
  uint64_t case_number = 0;
  double found_after_s = 0, shrunk_after_s = 0;
  int came_back = 0, tried = 0;  // the minimal program, run again
};

// Who watches. `progress` is called about once a second; `found` when a contract is broken, before
// anything is shrunk, with the program as it was found; then `shrinking`, as of Minimise.
struct Watchers {
  std::function<void(const Counts&)> progress;
  std::function<void(const CampaignResult&)> found;
  Shrinking shrinking;
};
std::optional<CampaignResult> RunCampaign(const Subject& subject, const CampaignOptions& options,
                                          const Watchers& watchers);

}  // namespace tenter::fuzz
