// StepTimes: how long each step of a plan takes, one after another on this thread.
//
// Path: tenter-plan --time; requests never come here.
//
// Thread safety: any thread; it runs on the one that calls.
// Ownership and lifetime: shares the plan for the call.
// Invariants: every step runs on what the steps before it made, as in a request, so that kernels
//   whose time depends on their inputs are measured with real ones.
// Errors: kResourceExhausted, and what a kernel fails with.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/cached_op/plan.h"

namespace tenter {

// Per step, the nanoseconds of each round. The inputs are drawn by `seed`: numbers from -1 to 1 for
// floats, else zeros, which are valid indices. A round that warms up comes first and does not
// count. REQUIRES: rounds > 0, the plan runs inline.
Result<std::vector<std::vector<int64_t>>> TimeSteps(const std::shared_ptr<const Plan>& plan,
                                                    int rounds, uint64_t seed);

}  // namespace tenter
