// Measuring: one case on every contender that can run it, interleaved: in each repetition all of
// them run, each time starting with another, so that whatever disturbs the machine meets all.
//
// Thread safety: one thread; pushers are threads of their own that end before a sample does.
// Ownership and lifetime: borrows the contenders.
// Invariants: the ops of a case count themselves; a repetition that lost or doubled one throws.
// Errors: throws StatusError.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bench/contender/contender.h"
#include "bench/measure/results.h"

namespace tenter::bench {

struct Case {
  std::string workload;
  std::map<std::string, double> parameters = {};
  Program program;
  int pushers = 0;            // 0: the measuring thread pushes
  int64_t task_ns = 0;        // what an op does beside counting
  uint64_t replays = 0;       // 0: pushed op by op; else captured once, and replayed so often
  bool engines_only = false;  // only contenders that derive dependencies from declared accesses
};

// Nanoseconds per repetition: push_ns until the last push returned, complete_ns from there on;
// line_ns, what the machine took to hand one cache line over just before.
std::vector<Row> MeasureCase(const Case& one, const std::vector<Contender*>& contenders,
                             uint64_t repeats);

// Push one op and wait for it, again and again: p50_ns and p99_ns per repetition, and empty_ns, the
// part of them that reading the clock is. With `rest_ns` the threads have gone to sleep in between.
std::vector<Row> MeasureRoundTrips(const std::string& workload,
                                   const std::vector<Contender*>& contenders, uint64_t trips,
                                   uint64_t repeats, int64_t rest_ns);

}  // namespace tenter::bench
