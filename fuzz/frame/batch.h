// Batch: cases one after the other in one child.
//
// Path: seed, case number -> Subject::Draw -> RunOnce -> next, until the time is over.
//
// Thread safety: RunBatch runs on the only thread of a fresh child.
// Invariants: case i of seed s is the same program on every machine.
#pragma once

#include <string>

#include "fuzz/frame/campaign_options.h"
#include "fuzz/frame/counts.h"
#include "fuzz/process/child.h"

namespace tenter::fuzz {

// A case: its program, and the property of which it is one.
struct DrawnCase {
  std::string program;
  const Property* property = nullptr;
};
DrawnCase DrawCase(const Subject& subject, const CampaignOptions& options, uint64_t case_number);

// Runs cases from counts->next_case on, and ends the child.
[[noreturn]] void RunBatch(const Subject& subject, const CampaignOptions& options, int64_t until_ns,
                           Counts* counts, const Reporter& reporter);

}  // namespace tenter::fuzz
