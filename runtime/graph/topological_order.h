// SortNodes: the nodes of a graph in topological order, keeping the order that they had where it is
// free to choose.
//
// Thread safety: any thread, on graphs of its own.
// Errors: kInvalidArgument names a node that is part of a cycle; the graph is unusable then.
#pragma once

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

// REQUIRES: each value has at most one producer among the nodes, and indices are in range.
Status SortNodes(Graph& graph);

}  // namespace tenter
