// FoldScale: products and sums with a number per channel become part of the BatchNormalization in
// front of them.
//
//   before: x -> BatchNormalization -> Mul by [C,1,1] -> Add of [C,1,1] -> y
//   after:  x -> BatchNormalization with other scales and biases -> y
//
// Networks that come from frameworks with a normalisation and a scale of their own are written so.
// What follows a convolution joins it when the model is loaded (rewrites.h).
//
// Path: Specialise -> FoldScale -> LayOut.
//
// Thread safety: any thread; a graph is a value.
// Invariants: (1) values are the same up to rounding: each scale and bias is computed in double and
//   rounded once, and a node stays where one of them would not be finite. (2) The new node stands
//   where the last of them stood, and tells in Node::stands_for what it does of the model.
// Errors: kInvalidArgument when the graph breaks an invariant of its own; kResourceExhausted.
#pragma once

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

// REQUIRES: `specialised` comes from Specialise.
Status FoldScale(Graph& specialised);

}  // namespace tenter
