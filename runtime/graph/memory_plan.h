// PlanMemory: which values of a specialised graph may share memory when its nodes run in order.
//
// Thread safety: any thread.
// Ownership and lifetime: a plain value.
// Invariants: (1) two values that are live at the same node never share a slot; inputs and outputs
//   of a node are live together. (2) A graph output has a slot that no other value has. (3) The
//   plan depends on the graph alone.
// Errors: a graph that is not specialised is a programmer error (CHECK).
#pragma once

#include <cstddef>
#include <vector>

#include "runtime/graph/graph.h"

namespace tenter {

struct MemoryPlan {
  std::vector<int> slot_of_value;  // per value; -1 for constants, graph inputs and unused values
  std::vector<size_t> slot_bytes;  // per slot; a multiple of kMemoryAlignment
};

MemoryPlan PlanMemory(const Graph& specialised);

}  // namespace tenter
