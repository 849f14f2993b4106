// ImportOnnx: a model file becomes a Graph. Of all files only this one, onnx_skeleton, onnx_tensor
// and onnx_attribute know the format of ONNX.
//
// Thread safety: any thread.
// Ownership and lifetime: the graph owns the initializers, which are read straight to where they
//   stay; nothing of the file is kept.
// Invariants: the result passes CheckGraph; every node is in the op table with attributes it
//   implements.
// Errors: one line that names the file and the thing: kNotFound (no file, or one that cannot be
//   read), kDataLoss (truncated or not ONNX), kUnsupported (all unsupported parts of the model at
//   once), kInvalidArgument (a graph that contradicts itself: cycle, missing value, wrong size).
//   Throws std::bad_alloc.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

Result<Graph> ImportOnnx(const std::string& path);

// As ImportOnnx, from the bytes of a file; `origin` is what messages call it.
Result<Graph> ImportOnnxBytes(std::string_view bytes, const std::string& origin);

}  // namespace tenter
