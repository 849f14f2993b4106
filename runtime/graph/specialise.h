// Specialise: a graph for any shapes becomes a graph for one input signature.
//
// Thread safety: any number of threads may specialise one graph at once.
// Ownership and lifetime: the result shares the sealed parameters; the constants that it adds
//   (values of shape subgraphs) belong to it.
// Invariants: in the result every value that a node or output uses has a concrete spec or is a
//   constant.
// Errors: kInvalidArgument names the input, what was expected and what was found; or node, op and
//   shapes.
#pragma once

#include <span>

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

// Checks `inputs` (one per graph input, in order) against the graph, infers every shape, folds the
// nodes whose inputs became known, and removes what is dead then.
Result<Graph> Specialise(const Graph& graph, std::span<const TensorSpec> inputs);

// The check alone: "input 'x': expected float32[?,3,?,?], found float32[1,4,48,192]".
Status CheckSignature(const Graph& graph, std::span<const TensorSpec> inputs);

}  // namespace tenter
