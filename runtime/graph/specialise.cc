#include "runtime/graph/specialise.h"

#include <string>

#include "runtime/graph/rewrites.h"
#include "runtime/graph/run_graph.h"

namespace tenter {
namespace {

bool Fits(const TensorSpec& expected, const TensorSpec& found) {
  if (expected.dtype != found.dtype || expected.shape.rank() != found.shape.rank()) return false;
  for (int i = 0; i < expected.shape.rank(); ++i)
    if (expected.shape.dim(i) != kUnknownDim && expected.shape.dim(i) != found.shape.dim(i))
      return false;
  return found.CountBytes().ok();
}

// True when the node can be computed now: its inputs are constants, or it is a Shape, and all
// shapes are known by now.
bool IsKnown(const Graph& graph, const Node& node) {
  if (node.op_type == "Shape") return true;
  for (const int input : node.inputs)
    if (input >= 0 && !graph.values[static_cast<size_t>(input)].constant) return false;
  return true;
}

Status SpecialiseNode(Graph& graph, const Node& node) {
  if (IsKnown(graph, node)) {
    TENTER_ASSIGN_OR_RETURN(std::vector<Tensor> tensors, ComputeNode(graph, node));
    for (size_t i = 0; i < tensors.size(); ++i)
      graph.values[static_cast<size_t>(node.outputs[i])].constant = std::move(tensors[i]);
    return {};
  }
  TENTER_ASSIGN_OR_RETURN(std::vector<TensorSpec> specs, InferOp(CallOf(graph, node)));
  for (size_t i = 0; i < specs.size(); ++i)
    graph.values[static_cast<size_t>(node.outputs[i])].spec = std::move(specs[i]);
  return {};
}

std::string ShapesOf(const Graph& graph, const Node& node) {
  std::string text = "(";
  for (const int input : node.inputs) {
    if (text.size() > 1) text += ", ";
    text += input < 0 ? "-" : graph.values[static_cast<size_t>(input)].spec->ToString();
  }
  return text + ")";
}

}  // namespace

Status CheckSignature(const Graph& graph, std::span<const TensorSpec> inputs) {
  if (inputs.size() != graph.inputs.size())
    return {StatusCode::kInvalidArgument, "expected " + std::to_string(graph.inputs.size()) +
                                              " inputs, found " + std::to_string(inputs.size())};
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Value& value = graph.values[static_cast<size_t>(graph.inputs[i])];
    if (!Fits(*value.spec, inputs[i]))
      return {StatusCode::kInvalidArgument, "input '" + value.name + "': expected " +
                                                value.spec->ToString() + ", found " +
                                                inputs[i].ToString()};
  }
  return {};
}

Result<Graph> Specialise(const Graph& graph, std::span<const TensorSpec> inputs) {
  TENTER_RETURN_IF_ERROR(CheckGraph(graph));
  TENTER_RETURN_IF_ERROR(CheckSignature(graph, inputs));
  Graph special = graph;
  for (size_t i = 0; i < inputs.size(); ++i)
    special.values[static_cast<size_t>(special.inputs[i])].spec = inputs[i];
  for (const Node& node : graph.nodes) TENTER_RETURN_IF_ERROR(SpecialiseNode(special, node));
  // A node whose outputs became constants has nothing left to compute.
  std::erase_if(special.nodes, [&](const Node& node) {
    return special.values[static_cast<size_t>(node.outputs[0])].constant.has_value();
  });
  TENTER_RETURN_IF_ERROR(RemoveDead(special));
  for (Value& value : special.values)
    if (value.constant) value.spec = value.constant->spec();
  for (Node& node : special.nodes) node.shapes = ShapesOf(special, node);
  return special;
}

}  // namespace tenter
