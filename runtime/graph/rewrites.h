// Simplify: what can be computed once per model, whatever the input shapes, is computed at load.
//
// Thread safety: any thread; a graph is a value.
// Ownership and lifetime: the result owns one sealed ProtectedPages block that holds every
//   parameter.
// Invariants: (1) the outputs are those of the given graph, up to the rounding of what is folded
//   into convolutions. (2) Names of inputs and outputs stay. (3) All constants are 64-byte aligned
//   views of `parameters`, and `parameters` is sealed.
// Errors: kResourceExhausted; kInvalidArgument when a node of constants cannot be computed.
#pragma once

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

// Folds nodes of constants, drops Identity and Dropout, folds BatchNormalization, and products,
// sums and differences with a number per channel, into a preceding Conv, removes what no output
// needs, and moves the parameters into sealed pages.
Result<Graph> Simplify(Graph graph);

// The steps, in the order in which Simplify takes them before it seals the parameters
// (parameters.h).
Status FoldConstants(Graph& graph);
Status DropIdentities(Graph& graph);
Status FoldIntoConvs(Graph& graph);
Status RemoveDead(Graph& graph);

}  // namespace tenter
