// CompareBits: has a request that runs as one of many the bits that it has alone?
//
// Kernels of the library may sum in another order for another number of rows; then the last bits
// differ, and the numbers are as right.
//
// Path: tenter-plan --together; requests never come here.
//
// Thread safety: any thread; it runs on the one that calls.
// Ownership and lifetime: results are plain values.
// Errors: what compiling says, and what a kernel fails with; kUnsupported when the rows are not
//   kept apart (graph/rows/rows_apart.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "runtime/cached_op/plan.h"

namespace tenter {

struct BitsTogether {
  // The first step after which a request has other bits than alone. Nothing when none has, or when
  // the plans have different steps: see `same_steps`.
  std::optional<size_t> first;
  bool same_steps = true;
  bool same_results = true;
  float largest = 0;  // difference of two numbers of the results
};

// Runs `requests` drawn inputs alone and as one, step by step.
Result<BitsTogether> CompareBits(const Graph& graph, std::span<const TensorSpec> signature,
                                 const PlanOptions& options, size_t requests, uint64_t seed);

}  // namespace tenter
