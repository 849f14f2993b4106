// FoldHardSwish: a HardSwish that a model writes out becomes one node.
//
//   before: x -> Add 3 -> Clip 0..6 -> Mul -> Div 6 -> y
//           +-----------------------> Mul
//   after:  x -> HardSwish -> y
//
// Exporters write it so for opsets that have no HardSwish. As one op it is one pass over memory, or
// none when it joins an epilogue (fuse.h). A Mul by 1/6 may stand for the Div, and operands that
// commute may be exchanged.
//
// Path: Specialise -> FoldHardSwish -> LayOut.
//
// Thread safety: any thread; a graph is a value.
// Invariants: (1) values are the same up to a few units in the last place, up to 1e-7 near -3, and
//   but for those beyond 5e37, where the product of the written form overflows. (2) The new node
//   stands where the last of the four stood, and tells in Node::stands_for what it does of the
//   model.
// Errors: kInvalidArgument when the graph breaks an invariant of its own.
#pragma once

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

// REQUIRES: `specialised` comes from Specialise.
Status FoldHardSwish(Graph& specialised);

}  // namespace tenter
