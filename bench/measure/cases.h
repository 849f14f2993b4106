// Cases: which workloads each part of the benchmark measures.
//
// Thread safety: pure functions.
// Ownership and lifetime: values.
// Invariants: names and parameters are what the driver's table of goals knows.
#pragma once

#include <vector>

#include "bench/measure/measure.h"
#include "bench/measure/options.h"

namespace tenter::bench {

// The four shapes of dependencies that every engine runs, naive ones included.
std::vector<Case> BasicCases(const Options& options);

// Programs that are captured once and replayed.
std::vector<Case> CapturedCases(const Options& options);

// 1, 2 and 8 threads push to disjoint variables.
std::vector<Case> PusherCases(const Options& options);

// How the cost per op grows with live variables, with readers of one variable, with reads per op.
std::vector<Case> GrowthCases(const Options& options);

// Tasks of growing duration, for the smallest at which half of the workers' time is useful (METG).
std::vector<Case> TaskSizeCases(const Options& options);

}  // namespace tenter::bench
