// Comparing the two error policies: the same programs with the same failing ops on engines of
// each, in turn; times, and what ran, was skipped and was wasted.
//
// Thread safety: one thread.
// Ownership and lifetime: every repetition makes an engine of its own.
// Invariants: what each engine counted equals the model (policy_model.h), or the measurement
//   throws: a figure of a wrong engine is worth nothing.
// Errors: throws StatusError.
#pragma once

#include <string>
#include <vector>

#include "bench/measure/options.h"
#include "bench/measure/results.h"
#include "bench/program/program.h"

namespace tenter::bench {

struct PolicyCase {
  std::string shape;
  const Program* program;  // borrowed
  double fault_percent;
  int64_t task_ns;
};

// Two rows, contenders "skip" and "run". Which ops fail differs between repetitions and is the same
// for both.
std::vector<Row> MeasurePolicies(const PolicyCase& one, const Options& options);

}  // namespace tenter::bench
