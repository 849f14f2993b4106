// LayOut: images are kept with the channels last between the ops that are faster so.
//
//   before: x -> Conv -> Relu -> Conv -> Reshape
//           [N,C,H,W] everywhere
//   after:  x -> Transpose -> Conv' -> Relu -> Conv' -> Transpose -> Reshape
//                           [N,H,W,C] between the two
//
// A Conv of known weights asks for it. A pooling, a BatchNormalization, an element-wise op and a
// Concat go along when an image that they read lies so already, and nothing else that they read
// stands in the way: a constant image, or an operand of another rank that is no constant. All
// others get their images turned back, and so do the outputs of the graph. What the graph says of
// the images in between is how they lie in memory, so that a Relu needs to know nothing; only Conv,
// the poolings and BatchNormalization have Node::layout.
//
// Path: Specialise -> LayOut -> Fuse -> PlanMemory.
//
// Thread safety: any thread; a graph is a value.
// Invariants: (1) the outputs have the same names, shapes and values, up to the order in which a
//   convolution or a mean sums. (2) An image is turned at most once in each direction. (3) The
//   nodes of the model keep their order, names and Node::shapes; those put in are Node::of_plan,
//   and have the name of the node for which they are there.
// Errors: kInvalidArgument when the graph breaks an invariant of its own.
#pragma once

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

// REQUIRES: `specialised` comes from Specialise.
Status LayOut(Graph& specialised);

}  // namespace tenter
