// OutputSpec: what is known of an output of a model before any input is there.
//
// Thread safety: a pure function.
// Invariants: where all inputs are fixed it is exact. Otherwise the model is specialised for two
//   sizes of what is not: what differs depends on the inputs.
#pragma once

#include <cstddef>
#include <optional>

#include "runtime/graph/graph.h"

namespace tenter {

// Nothing when the model fits none of the sizes that are tried. REQUIRES: index < outputs.
std::optional<TensorSpec> OutputSpec(const Graph& graph, size_t index);

}  // namespace tenter
