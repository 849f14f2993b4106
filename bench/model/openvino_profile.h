// Counting and NodesBetween: what each node took, out of the performance counters of OpenVINO's CPU
// device, which hold the mean over all answers since the model was compiled.
//
// Path: PERF_COUNT -> ov_infer_request_get_profiling_info, twice -> NodesBetween ->
// ModelClient::TakeProfile.
//
// Thread safety: plain values.
// Ownership and lifetime: own their strings.
// Invariants: nodes that run as a part of another one (their kernel is "undef") are told with that
//   one, behind which they stand, and have no time of their own; inputs, constants and results,
//   which do nothing, are left out.
// Errors: NodesBetween returns kDataLoss when the two readings do not have the same nodes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/measure/node_time.h"
#include "bench/model/openvino_library.h"
#include "runtime/base/status.h"

namespace tenter::bench {

// A copy of what the library told.
struct Reading {
  struct Node {
    std::string name, type, kernel;
    int64_t mean_us = 0;
  };
  uint64_t answers = 0;
  std::vector<Node> nodes = {};
};

// Throws StatusError when a counter is not what its version says: then the struct is another one.
Reading ReadingOf(const OpenvinoLibrary::Counters& counters, uint64_t answers);

// The means over the answers between the readings. REQUIRES: before.answers < after.answers.
Result<std::vector<NodeTime>> NodesBetween(const Reading& before, const Reading& after);

}  // namespace tenter::bench
