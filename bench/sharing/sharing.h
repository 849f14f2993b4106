// MeasureSharing: time and memory of one way in which callers share a model, with so many requests
// in flight, alone in a fresh process.
//
// Thread safety: one thread, and no other one before it.
// Ownership and lifetime: loads and unloads what it measures.
// Invariants: every answer is compared with the first one of the same way to the same inputs, and
//   what differs is counted. Bytes are resident pages beyond those from before the load, when the
//   library was there, and so were inputs and the place for results.
// Errors: throws StatusError for an unknown way, and what ours throws that breaks; a peer that
//   fails, a model that ours does not know and what the machine has no room for are told as absent.
#pragma once

#include <vector>

#include "bench/inference/model_options.h"
#include "bench/measure/results.h"

namespace tenter::bench {

// options.part is the way, and options.clients how many are in flight. peak_bytes, steady_bytes,
// mapped_bytes (of these, pages of files), setup_ns (until callers could begin), p50_ns, p99_ns,
// per_s, unanswered (callers who had no answer in the block), mismatches.
std::vector<Row> MeasureSharing(const ModelOptions& options, Results& results);

}  // namespace tenter::bench
