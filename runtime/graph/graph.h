// Graph: a model as data: values, nodes in topological order, inputs and outputs.
// Path:
//   model.onnx -> ImportOnnx -> Simplify -> (per signature) Specialise -> RunPasses ->
//   PlanMemory -> kernels.
//
// Thread safety: a Graph is a value; once built it is only read, from any thread.
// Ownership and lifetime: copying a graph shares constants and sealed parameters.
// Invariants, of which CheckGraph checks the first three: (1) indices are in range. (2) Each value
//   has at most one producer: a graph input, a constant or one node output. (3) Nodes are in
//   topological order. (4) After Simplify every constant is a view of `parameters`; Specialise adds
//   those that it computes from shapes, with memory of their own.
// Errors: the functions that build graphs return Status.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/device/memory.h"
#include "runtime/ops/attributes.h"
#include "runtime/ops/op.h"
#include "runtime/tensor/tensor.h"

namespace tenter {

struct Value {
  std::string name;
  std::optional<TensorSpec> spec;  // graph inputs always; the others once specialised
  std::optional<Tensor> constant;
  // What a large constant lies on, until SealParameters moves it (large_constant.h).
  std::shared_ptr<ProtectedPages> pages = nullptr;
};

// A node as the model has it, for messages.
struct ModelNode {
  std::string name;
  std::string op_type;
  std::string shapes;  // as Node::shapes
};

struct Node {
  std::string name;
  std::string op_type;
  Attributes attributes;
  std::vector<int> inputs;   // indices into Graph::values; -1 for an absent optional input
  std::vector<int> outputs;  // indices into Graph::values, also of outputs that nobody reads
  // What it reads, as the model has it, for messages: "(float32[1,3,8,8], float32[4,3,3,3])". Known
  // once specialised.
  std::string shapes = {};
  Layout layout = Layout::kChannelsFirst;  // see OpCall
  bool of_plan = false;                    // put in for the node of the model whose name it has
  // Nodes of the model whose ops the kernel applies to what it computes, in order
  // (fusion/fuse.h). What else they read stands behind the inputs of this node's own op, and the
  // output of the last one is the only output.
  std::vector<Node> epilogue = {};
  size_t carried = 0;  // in an epilogue: the input that is the output of the one before
  std::vector<ModelNode> stands_for = {};  // those that it was put in the place of, in their order
};

// What it does of the model, in order: itself or those that it stands for, and so on along its
// epilogue. None for a node that was put in.
std::vector<ModelNode> ModelNodesOf(const Node& node);

struct Graph {
  std::string name;
  int opset = 0;
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<int> inputs;
  std::vector<int> outputs;
  std::shared_ptr<ProtectedPages> parameters;
  std::shared_ptr<PackedWeights> packed;  // made with `parameters`, and shared as they are
};

// The constant that is `value`, or null.
const Tensor* ConstantAt(const Graph& graph, int value);

// Checks the invariants (1) to (3); kInvalidArgument names the node or value that breaks one.
Status CheckGraph(const Graph& graph);

// The call of one node, with the specs and constants that the graph knows. The result borrows from
// graph and node. REQUIRES: every present input has a spec.
OpCall CallOf(const Graph& graph, const Node& node);

// What Specialise inferred for the outputs of one node. REQUIRES: the graph is specialised.
std::vector<TensorSpec> OutputSpecsOf(const Graph& graph, const Node& node);

}  // namespace tenter
