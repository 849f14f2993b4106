// MeasureProcesses: a process for each request in flight, each with a model and an op of its own,
// which begin together.
//
// Thread safety: one thread, and no other one in the process, since it forks.
// Ownership and lifetime: children end before it returns, and when this process does.
// Invariants: memory is the sum over the children of what each has beyond what it had before the
//   load; pages of files, which they share, count once. The inputs are pages of the parent.
// Errors: throws StatusError with what a child failed with.
#pragma once

#include "bench/inference/model_options.h"
#include "bench/sharing/answer_log.h"

namespace tenter::bench {

Block MeasureProcesses(const ModelOptions& options, const Inputs& inputs);

}  // namespace tenter::bench
