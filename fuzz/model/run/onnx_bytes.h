// OnnxBytes: a graph as an ONNX file of opset 13.
//
// Path: Graph -> OnnxBytes -> MemoryFile -> the target loads it.
//
// Thread safety: pure.
#pragma once

#include <string>

#include "fuzz/model/graph/graph.h"

namespace tenter::fuzz::model {

// `size`: one at which the graph fits.
std::string OnnxBytes(const Graph& graph, int64_t size);

}  // namespace tenter::fuzz::model
