// Batch: cases one after the other in one child.
//
// Path: seed, case number -> GenerateProgram -> RunCase -> next, until the time is over.
//
// Thread safety: RunBatch runs on the only thread of a fresh child.
// Invariants: case i of seed s is the same program on every machine.
#pragma once

#include <vector>

#include "fuzz/hunt/campaign_options.h"
#include "fuzz/hunt/counts.h"
#include "fuzz/process/child.h"
#include "fuzz/program/generate.h"

namespace tenter::fuzz {

// The program of a case, and the property whose profile it has.
Program ProgramOfCase(const CampaignOptions& options, uint64_t case_number,
                      const Property** property);

// Runs cases from counts->next_case on, and ends the child.
[[noreturn]] void RunBatch(const CampaignOptions& options, int64_t until_ns, Counts* counts,
                           const Reporter& reporter);

}  // namespace tenter::fuzz
