// SortNodes: puts the nodes of a graph in topological order. Among nodes that may come next,
// the one that stands first in `graph` does.
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
