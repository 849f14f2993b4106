// OnnxBytes: a graph as an ONNX file of opset 13.
//
// Path: Graph -> OnnxBytes -> MemoryFile -> the target loads it.
//
// Thread safety: pure.
#pragma once

#include <string>

#include "fuzz/model/graph/graph.h"

namespace tenter::fuzz::model {

// `size`: one at which the graph fits. `zero_is_open`: whoever reads the file takes a dim of 0 or
// -1 for one that is not known, as our runtime does. ONNX does not say so: to others nothing is
// told of such a dim.
std::string OnnxBytes(const Graph& graph, int64_t size, bool zero_is_open);

}  // namespace tenter::fuzz::model
