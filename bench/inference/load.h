// MeasureLoad: what it takes to have a model ready: time and memory of one contender, alone in a
// fresh process.
//
// Thread safety: one thread.
// Ownership and lifetime: loads and unloads the model.
// Invariants: bytes are resident pages of the process beyond those from before the load, when the
//   library of the contender was already there; a peak is the highest that the kernel saw. The file
//   has been read before, so that no disk is measured. What one contender freed would hide what
//   the next one takes: a second call in one process is of no use.
// Errors: throws StatusError, and what the contender throws.
#pragma once

#include <vector>

#include "bench/inference/model_options.h"
#include "bench/measure/results.h"

namespace tenter::bench {

// load_ns, first_ns (the first answer); load_peak_bytes (until it was loaded), peak_bytes (until
// the first answer was there), mapped_bytes (of these, pages of files: code, or weights that are
// mapped), steady_bytes (after some more answers), file_bytes.
std::vector<Row> MeasureLoad(const ModelOptions& options, Results& results);

}  // namespace tenter::bench
