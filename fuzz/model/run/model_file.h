// ModelFile: a graph as an ONNX file of opset 13, without a name in any folder.
//
// Path: Graph -> ModelFile::path -> the target loads it.
//
// Thread safety: one thread.
// Ownership and lifetime: the file is in memory, and gone with the object; a target that reads it
//   later than while it loads it finds nothing.
#pragma once

#include <string>

#include "fuzz/model/graph/graph.h"

namespace tenter::fuzz::model {

class ModelFile {
 public:
  // `size`: one at which the graph fits.
  ModelFile(const Graph& graph, int64_t size);
  ~ModelFile();
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;

  std::string path() const;

 private:
  const int descriptor_;
};

// The bytes of the file.
std::string OnnxBytes(const Graph& graph, int64_t size);

}  // namespace tenter::fuzz::model
