// Fuse: element-wise nodes behind a convolution or a product become its epilogue.
//
//   before: x -> Conv -> Add -> Relu -> y       one pass over memory each
//                         ^
//                    z ---+
//   after:  x, z -> Conv [Add, Relu] -> y       one pass
//
// A node is taken when it alone reads what comes before it, when that is no output of the graph,
// and when a kernel can apply it to what it has at hand: CanFollow. Of two operands that both could
// carry on, the one that is computed later does, and so waits for the other from its beginning: two
// such branches no longer run beside one another, unless they are kept apart. The node stands where
// its last op stood, since by then all that the epilogue reads has been computed.
//
// Path: LayOut -> Fuse -> PlanMemory.
//
// Thread safety: any thread; a graph is a value.
// Invariants: (1) each node of the model is a node of the graph, or in the epilogue of one. (2) The
//   outputs have the same names and shapes; values as CanFollow promises. (3) A value inside an
//   epilogue has a spec, and no producer among the nodes.
// Errors: kInvalidArgument when the graph breaks an invariant of its own.
#pragma once

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

enum class Branches {
  kJoined,  // an epilogue may read what is computed beside its head
  kKept,    // it reads only what had to be there before its head could begin
};

// REQUIRES: `specialised` comes from Specialise, and from LayOut where kernels know of layouts.
Status Fuse(Graph& specialised, Branches branches);

}  // namespace tenter
