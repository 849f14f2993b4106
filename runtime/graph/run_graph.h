// RunGraph: the plain interpreter: one node after the other, one fresh tensor per value, no engine.
// The faster paths are compared with it, and constants are folded by it.
//
// Thread safety: any thread; kernels may be shared between threads.
// Ownership and lifetime: the results own their memory.
// Invariants: the result depends on graph, inputs and kernels alone, bit for bit.
// Errors: kInvalidArgument names input or node; what a kernel throws comes back as its Status,
//   naming the node.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"
#include "runtime/ops/op.h"

namespace tenter {

// The outputs of one node whose present inputs are all constants (or that is a Shape), by the
// reference kernel. kResourceExhausted when they would exceed kFoldBytesMax.
Result<std::vector<Tensor>> ComputeNode(const Graph& graph, const Node& node);

// A constant that takes more than this is taken for a mistake in the model file, or an attack.
inline constexpr size_t kFoldBytesMax = size_t{1} << 31;

// One kernel per node. REQUIRES: the graph is specialised.
Result<std::vector<std::unique_ptr<Kernel>>> MakeKernels(const Graph& specialised,
                                                         KernelChoice choice);

// Runs the nodes in order; one tensor per graph output.
Result<std::vector<Tensor>> RunKernels(const Graph& specialised,
                                       std::span<const std::unique_ptr<Kernel>> kernels,
                                       std::span<const Tensor> inputs);

// MakeKernels and RunKernels together.
Result<std::vector<Tensor>> RunGraph(const Graph& specialised, std::span<const Tensor> inputs,
                                     KernelChoice choice);

}  // namespace tenter
