// FoldChannelShuffle: a channel shuffle that a model writes out becomes one node.
//
//   before: x[N,C,H,W] -> Reshape [N,g,C/g,H,W] -> Transpose 0,2,1,3,4 -> Reshape [N,C,H,W] -> y
//   after:  x -> Gather of channels 0, C/g, 2C/g ..., 1, C/g + 1 ... -> y
//
// Networks with groups mix the channels of their groups so. As three nodes it turns an image with
// the channels last, copies it, and turns it back; as one it goes along (lay_out.h), and one kernel
// reads and writes it once.
//
// Path: Specialise -> FoldChannelShuffle -> LayOut.
//
// Thread safety: any thread; a graph is a value.
// Invariants: (1) the bits are the same. (2) The new node stands where the last of the three stood,
//   and tells in Node::stands_for what it does of the model.
// Errors: kInvalidArgument when the graph breaks an invariant of its own; kResourceExhausted.
#pragma once

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

// REQUIRES: `specialised` comes from Specialise.
Status FoldChannelShuffle(Graph& specialised);

}  // namespace tenter
