// GraphBuilder: small graphs written down in tests, node by node in topological order.
//
// Thread safety: one thread.
// Ownership and lifetime: owns the graph until it is copied out.
// Invariants: values are named v0, v1, ... after their index, unless given a name.
// Errors: the graph may be as wrong as the test wants it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/ops/testing.h"

namespace tenter {

class GraphBuilder {
 public:
  explicit GraphBuilder(int opset = 11) { graph.opset = opset; }

  int Input(const std::string& name, TensorSpec spec) {
    graph.values.push_back({name, std::move(spec), std::nullopt});
    graph.inputs.push_back(Last());
    return Last();
  }

  int Constant(Tensor tensor) {
    graph.values.push_back({NextName(), tensor.spec(), std::move(tensor)});
    return Last();
  }

  // Adds a node named after its index and returns its output value.
  int Add(const std::string& op_type, std::vector<int> inputs, Attributes attributes = {}) {
    graph.values.push_back({NextName(), std::nullopt, std::nullopt});
    graph.nodes.push_back({std::string("n").append(std::to_string(graph.nodes.size())), op_type,
                           std::move(attributes), std::move(inputs), {Last()}});
    return Last();
  }

  void Output(int value, const std::string& name = "") {
    if (!name.empty()) graph.values[static_cast<size_t>(value)].name = name;
    graph.outputs.push_back(value);
  }

  Graph graph;

 private:
  int Last() const { return static_cast<int>(graph.values.size()) - 1; }
  std::string NextName() const {
    return std::string("v").append(std::to_string(graph.values.size()));
  }
};

inline std::vector<std::string> OpTypes(const Graph& graph) {
  std::vector<std::string> types;
  for (const Node& node : graph.nodes) types.push_back(node.op_type);
  return types;
}

}  // namespace tenter
