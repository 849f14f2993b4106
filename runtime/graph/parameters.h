// SealParameters: the constants of a graph move into one block of write-protected pages. Pins: the
// ones that have to be in memory for a kernel.
//
// What only convolutions read as their weights is not kept beside what these make of it
// (onednn/packed_weights.h), once such a kernel was made and told here.
//
// Thread safety: SealParameters from any thread, on graphs of its own; the others from any thread.
// Ownership and lifetime: the graph owns the block, and every constant is a view of it. Pins may
//   live longer than the graph.
// Invariants: constants are aligned to kMemoryAlignment, and large ones (large_constant.h) lie on
//   pages on which nothing else does. Pages that nothing but the graph refers to are moved, so that
//   at no time there are two copies of a large constant; all else is copied.
// Errors: kResourceExhausted.
#pragma once

#include <vector>

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

Status SealParameters(Graph& graph);

using ParameterPins = std::vector<ParameterPin>;

// For a kernel that was made for `node` of a specialised graph: adds pins of what it reads to
// `pins`, which have to live while it runs, and gives back what it does not read.
Status PinWhatIsRead(const Graph& graph, const Node& node, const Kernel& kernel,
                     ParameterPins* pins);

}  // namespace tenter
