// SealParameters: the constants of a graph move into one block of write-protected pages.
//
// Thread safety: any thread, on graphs of its own.
// Ownership and lifetime: the graph owns the block, and every constant is a view of it.
// Invariants: constants are aligned to kMemoryAlignment, and large ones (large_constant.h) lie on
//   pages on which nothing else does. Pages that nothing but the graph refers to are moved, so that
//   at no time there are two copies of a large constant; all else is copied.
// Errors: kResourceExhausted.
#pragma once

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

Status SealParameters(Graph& graph);

}  // namespace tenter
