// ReadOrtProfile: what each node took, out of the file that ONNX Runtime's profiler writes: a list
// of events in the format of Chrome's trace viewer, each with a name, a category, a start and a
// duration in whole microseconds. An event "model_run" stands behind the nodes of its answer.
//
// Path: SessionEndProfiling -> file -> ReadOrtProfile -> ModelClient::TakeProfile.
//
// Thread safety: any thread.
// Ownership and lifetime: results are plain values.
// Invariants: of a node that runs others (If, Loop, Scan) the whole is told, and its parts are not,
//   so that no time counts twice.
// Errors: kDataLoss when it is no such list, or has another number of answers than were asked for:
//   the profiler stops after a million events.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/measure/node_time.h"
#include "runtime/base/status.h"

namespace tenter::bench {

// The means over `answers` but for the first `uncounted` of them, in the order in which nodes ran.
// REQUIRES: answers > uncounted.
Result<std::vector<NodeTime>> ReadOrtProfile(std::string_view text, uint64_t answers,
                                             uint64_t uncounted);

}  // namespace tenter::bench
