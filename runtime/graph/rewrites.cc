#include "runtime/graph/rewrites.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "runtime/graph/large_constant.h"
#include "runtime/graph/parameters.h"
#include "runtime/graph/run_graph.h"
#include "runtime/ops/broadcast.h"

namespace tenter {
namespace {

Value& ValueAt(Graph& graph, int value) { return graph.values[static_cast<size_t>(value)]; }

bool IsGraphOutput(const Graph& graph, int value) {
  return std::find(graph.outputs.begin(), graph.outputs.end(), value) != graph.outputs.end();
}

int CountReaders(const Graph& graph, int value) {
  int count = 0;
  for (const Node& node : graph.nodes)
    count += static_cast<int>(std::count(node.inputs.begin(), node.inputs.end(), value));
  return count + (IsGraphOutput(graph, value) ? 1 : 0);
}

// The index of the node that produces `value`, or -1.
int ProducerOf(const Graph& graph, int value) {
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    for (const int output : graph.nodes[i].outputs)
      if (output == value) return static_cast<int>(i);
  return -1;
}

void ReplaceReaders(Graph& graph, int from, int to) {
  for (Node& node : graph.nodes) std::replace(node.inputs.begin(), node.inputs.end(), from, to);
}

// True for a node whose output is its first input, unchanged.
bool IsIdentity(const Graph& graph, const Node& node) {
  if (node.inputs.empty() || node.inputs[0] < 0) return false;
  if (node.op_type == "Identity") return true;
  if (node.op_type != "Dropout") return false;
  if (node.outputs.size() > 1 && CountReaders(graph, node.outputs[1]) > 0) return false;
  if (node.inputs.size() < 3 || node.inputs[2] < 0) return true;
  const Tensor* training = ConstantAt(graph, node.inputs[2]);
  return training != nullptr && training->dtype() == DType::kBool &&
         training->size_bytes() == 1 && !*training->data<bool>();
}

// Makes the readers of an identity's output read its input, or, when the output is a graph output
// and must keep its name, makes the producer of the input write the output. False when neither is
// possible.
bool Bypass(Graph& graph, const Node& identity) {
  const int input = identity.inputs[0];
  const int output = identity.outputs[0];
  if (!IsGraphOutput(graph, output)) {
    ReplaceReaders(graph, output, input);
    return true;
  }
  const int producer = ProducerOf(graph, input);
  if (producer < 0 || IsGraphOutput(graph, input)) return false;
  auto& outputs = graph.nodes[static_cast<size_t>(producer)].outputs;
  std::replace(outputs.begin(), outputs.end(), input, output);
  ReplaceReaders(graph, input, output);
  return true;
}

// What a node does to channel c: multiply by factor[c], then add offset[c].
struct Affine {
  std::vector<double> factor;
  std::vector<double> offset;
};

// The constants of a BatchNormalization over `channels` channels; nothing when one is missing.
std::optional<Affine> OfNormalisation(const Graph& graph, const Node& node, int64_t channels) {
  const float* parameters[5] = {};
  for (size_t i = 1; i < 5; ++i) {
    const Tensor* tensor = ConstantAt(graph, node.inputs[i]);
    if (tensor == nullptr || tensor->spec() != TensorSpec{DType::kFloat32, {channels}}) return {};
    parameters[i] = tensor->data<float>();
  }
  const auto epsilon = node.attributes.Float("epsilon", 1e-5f);
  if (!epsilon.ok()) return {};
  Affine affine;
  for (int64_t c = 0; c < channels; ++c) {
    const double factor =
        parameters[1][c] / std::sqrt(static_cast<double>(parameters[4][c]) + *epsilon);
    affine.factor.push_back(factor);
    affine.offset.push_back(parameters[2][c] - parameters[3][c] * factor);
  }
  return affine;
}

// Of a product, a sum or a difference with one finite number per channel of [N,C,...], or one for
// all; nothing when the constant is another one.
std::optional<Affine> OfArithmetic(const Node& node, const Tensor& constant, const Shape& weights) {
  const int64_t channels = weights.dim(0), count = constant.shape().NumElements();
  if (constant.dtype() != DType::kFloat32 ||
      !IsPerChannel(constant.shape(), channels, weights.rank()))
    return {};
  Affine affine;
  for (int64_t c = 0; c < channels; ++c) {
    const double number = constant.data<float>()[count == 1 ? 0 : c];
    if (!std::isfinite(number)) return {};
    affine.factor.push_back(node.op_type == "Mul" ? number : 1.0);
    affine.offset.push_back(node.op_type == "Add" ? number : node.op_type == "Sub" ? -number : 0.0);
  }
  return affine;
}

// The input of a node that does something to each channel of what a Conv computes, when all else
// that it reads is known; -1 for any other node.
int CarriedInput(const Graph& graph, const Node& node) {
  if (node.outputs.size() != 1) return -1;
  if (node.op_type == "BatchNormalization") return node.inputs.size() == 5 ? 0 : -1;
  if (node.inputs.size() != 2) return -1;
  const bool commutes = node.op_type == "Mul" || node.op_type == "Add";
  if (!commutes && node.op_type != "Sub") return -1;
  if (ConstantAt(graph, node.inputs[1]) != nullptr) return 0;
  return commutes && ConstantAt(graph, node.inputs[0]) != nullptr ? 1 : -1;
}

// What `node` does to the channels of `conv`, whose output it reads; nothing when that cannot be
// told.
std::optional<Affine> AffineOf(const Graph& graph, const Node& node, const Node& conv) {
  const Shape& weights = ConstantAt(graph, conv.inputs[1])->shape();
  if (node.op_type == "BatchNormalization") return OfNormalisation(graph, node, weights.dim(0));
  const int other = 1 - CarriedInput(graph, node);
  return OfArithmetic(node, *ConstantAt(graph, node.inputs[static_cast<size_t>(other)]), weights);
}

// Whether the weights and the bias of `conv` stay within what a float holds.
bool StaysFinite(const Graph& graph, const Node& conv, const Affine& affine) {
  constexpr double kMost = std::numeric_limits<float>::max();
  const Tensor& weights = *ConstantAt(graph, conv.inputs[1]);
  const Tensor* const bias = conv.inputs.size() < 3 ? nullptr : ConstantAt(graph, conv.inputs[2]);
  const int64_t channels = weights.shape().dim(0);
  const int64_t size = weights.shape().NumElements(1, weights.shape().rank());
  for (int64_t c = 0; c < channels; ++c) {
    const double factor = affine.factor[static_cast<size_t>(c)];
    const float* const of_channel = weights.data<float>() + c * size;
    float largest = 0.0f;
    for (int64_t i = 0; i < size; ++i) largest = std::max(largest, std::fabs(of_channel[i]));
    const double old_bias = bias == nullptr ? 0.0 : bias->data<float>()[c];
    if (!(largest * std::fabs(factor) <= kMost)) return false;
    if (!(std::fabs(old_bias * factor + affine.offset[static_cast<size_t>(c)]) <= kMost))
      return false;
  }
  return true;
}

int AddConstant(Graph& graph, Value constant) {
  graph.values.push_back(std::move(constant));
  return static_cast<int>(graph.values.size()) - 1;
}

// The weights of `conv`, for it to change: those that there are, if nobody else has them, or a
// copy.
Result<Value> OwnWeights(Graph& graph, const Node& conv) {
  Value& weights = ValueAt(graph, conv.inputs[1]);
  const std::string name = conv.name + ":weights";
  if (IsAlone(weights) && CountReaders(graph, conv.inputs[1]) == 1) {
    Value own{name, weights.constant->spec(), std::move(weights.constant)};
    own.pages = std::move(weights.pages);
    weights.constant = std::nullopt;
    return own;
  }
  TENTER_ASSIGN_OR_RETURN(Value own, NewConstant(name, weights.constant->spec()));
  Tensor& copy = own.constant.value();
  std::memcpy(copy.mutable_raw(), weights.constant->raw(), copy.size_bytes());
  return own;
}

// Gives `conv` weights and a bias of its own that include `affine`; computed in double, rounded
// once.
Status FoldIntoConv(Graph& graph, Node& conv, const Affine& affine) {
  conv.inputs.resize(3, -1);
  const Tensor* const bias = ConstantAt(graph, conv.inputs[2]);
  TENTER_ASSIGN_OR_RETURN(Value weights, OwnWeights(graph, conv));
  const Shape& shape = weights.constant->shape();
  const int64_t channels = shape.dim(0), size = shape.NumElements(1, shape.rank());
  TENTER_ASSIGN_OR_RETURN(
      Value new_bias, NewConstant(conv.name + ":bias", {DType::kFloat32, {channels}}));
  float* weight = weights.constant->mutable_data<float>();
  float* const biases = new_bias.constant->mutable_data<float>();
  for (int64_t c = 0; c < channels; ++c) {
    const double factor = affine.factor[static_cast<size_t>(c)];
    for (const float* const end = weight + size; weight != end; ++weight)
      *weight = static_cast<float>(*weight * factor);
    const double old_bias = bias == nullptr ? 0.0 : bias->data<float>()[c];
    biases[c] = static_cast<float>(old_bias * factor + affine.offset[static_cast<size_t>(c)]);
  }
  conv.inputs[1] = AddConstant(graph, std::move(weights));
  conv.inputs[2] = AddConstant(graph, std::move(new_bias));
  return {};
}

// The Conv that `node` can be folded into, or nullptr.
Node* FoldTarget(Graph& graph, const Node& node) {
  const int carried = CarriedInput(graph, node);
  if (carried < 0) return nullptr;
  const int value = node.inputs[static_cast<size_t>(carried)];
  const int producer = ProducerOf(graph, value);
  if (producer < 0 || CountReaders(graph, value) != 1) return nullptr;
  Node& conv = graph.nodes[static_cast<size_t>(producer)];
  if (conv.op_type != "Conv" || conv.inputs.size() < 2) return nullptr;
  const Tensor* weights = ConstantAt(graph, conv.inputs[1]);
  if (weights == nullptr || weights->dtype() != DType::kFloat32 || weights->shape().rank() < 3)
    return nullptr;
  if (conv.inputs.size() < 3 || conv.inputs[2] < 0) return &conv;
  const Tensor* bias = ConstantAt(graph, conv.inputs[2]);
  const TensorSpec expected{DType::kFloat32, {weights->shape().dim(0)}};
  return bias != nullptr && bias->spec() == expected ? &conv : nullptr;
}

// Where each kept value goes, and -1 for the others.
std::vector<int> Renumber(const std::vector<bool>& keep) {
  std::vector<int> to(keep.size(), -1);
  int next = 0;
  for (size_t i = 0; i < keep.size(); ++i)
    if (keep[i]) to[i] = next++;
  return to;
}

void ApplyRenumbering(Graph& graph, const std::vector<int>& to) {
  const auto apply = [&](std::vector<int>& list) {
    for (int& value : list)
      if (value >= 0) value = to[static_cast<size_t>(value)];
  };
  for (Node& node : graph.nodes) {
    apply(node.inputs);
    apply(node.outputs);
  }
  apply(graph.inputs);
  apply(graph.outputs);
  std::vector<Value> values;
  for (size_t i = 0; i < to.size(); ++i)
    if (to[i] >= 0) values.push_back(std::move(graph.values[i]));
  graph.values = std::move(values);
}

}  // namespace

Status FoldConstants(Graph& graph) {
  std::vector<Node> rest;
  for (Node& node : graph.nodes) {
    const bool known = std::all_of(node.inputs.begin(), node.inputs.end(), [&](int input) {
      return input < 0 || ConstantAt(graph, input) != nullptr;
    });
    if (!known) {
      rest.push_back(std::move(node));
      continue;
    }
    TENTER_ASSIGN_OR_RETURN(std::vector<Tensor> tensors, ComputeNode(graph, node));
    for (size_t i = 0; i < tensors.size(); ++i)
      ValueAt(graph, node.outputs[i]).constant = std::move(tensors[i]);
  }
  graph.nodes = std::move(rest);
  return {};
}

Status DropIdentities(Graph& graph) {
  for (size_t i = 0; i < graph.nodes.size();) {
    const Node node = graph.nodes[i];
    if (IsIdentity(graph, node) && Bypass(graph, node)) {
      graph.nodes.erase(graph.nodes.begin() + static_cast<int64_t>(i));
    } else {
      ++i;
    }
  }
  return {};
}

Status FoldIntoConvs(Graph& graph) {
  for (size_t i = 0; i < graph.nodes.size();) {
    const Node node = graph.nodes[i];
    Node* const conv = FoldTarget(graph, node);
    const auto affine = conv == nullptr ? std::nullopt : AffineOf(graph, node, *conv);
    if (!affine || !StaysFinite(graph, *conv, *affine)) {
      ++i;
      continue;
    }
    TENTER_RETURN_IF_ERROR(FoldIntoConv(graph, *conv, *affine));
    conv->outputs[0] = node.outputs[0];
    graph.nodes.erase(graph.nodes.begin() + static_cast<int64_t>(i));
  }
  return {};
}

Status RemoveDead(Graph& graph) {
  std::vector<bool> live(graph.values.size(), false);
  const auto mark = [&](const std::vector<int>& list) {
    for (const int value : list)
      if (value >= 0) live[static_cast<size_t>(value)] = true;
  };
  mark(graph.outputs);
  std::vector<Node> kept;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const bool needed = std::any_of(node->outputs.begin(), node->outputs.end(), [&](int value) {
      return live[static_cast<size_t>(value)];
    });
    if (!needed) continue;
    mark(node->inputs);
    mark(node->outputs);
    kept.push_back(std::move(*node));
  }
  std::reverse(kept.begin(), kept.end());
  graph.nodes = std::move(kept);
  mark(graph.inputs);
  ApplyRenumbering(graph, Renumber(live));
  return CheckGraph(graph);
}

Result<Graph> Simplify(Graph graph) {
  TENTER_RETURN_IF_ERROR(CheckGraph(graph));
  TENTER_RETURN_IF_ERROR(FoldConstants(graph));
  TENTER_RETURN_IF_ERROR(DropIdentities(graph));
  TENTER_RETURN_IF_ERROR(FoldIntoConvs(graph));
  TENTER_RETURN_IF_ERROR(RemoveDead(graph));
  TENTER_RETURN_IF_ERROR(SealParameters(graph));
  return graph;
}

}  // namespace tenter
