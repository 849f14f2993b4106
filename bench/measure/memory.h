// Memory: what an idle variable, a pending op and a captured op of our engine cost, in bytes.
//
// Thread safety: one thread.
// Ownership and lifetime: makes an engine of its own per repetition.
// Invariants: two measures of the same growth: what the allocator has handed out, and resident
//   pages. The first misses what bypasses malloc, the second misses what reuses freed pages; so
//   this part runs in a process of its own, and the driver judges the larger.
// Errors: throws StatusError.
#pragma once

#include <vector>

#include "bench/measure/options.h"
#include "bench/measure/results.h"

namespace tenter::bench {

std::vector<Row> MeasureMemory(const Options& options);

}  // namespace tenter::bench
