// RunPasses: what is done to a specialised graph for the fast kernels, pass by pass.
//
//   Specialise -> FoldHardSwish -> FoldChannelShuffle -> FoldScale -> LayOut -> Fuse -> PlanMemory
//
// Thread safety: any thread; a graph is a value.
// Invariants: those of each pass.
// Errors: kInvalidArgument when the graph breaks an invariant of its own; kResourceExhausted.
#pragma once

#include "runtime/base/status.h"
#include "runtime/graph/fusion/fuse.h"

namespace tenter {

// REQUIRES: `specialised` comes from Specialise.
Status RunPasses(Graph& specialised, Branches branches);

}  // namespace tenter
