#include "runtime/graph/graph.h"

#include <span>
#include <utility>

namespace tenter {
namespace {

std::string Named(const Graph& graph, int value) {
  return "value '" + graph.values[static_cast<size_t>(value)].name + "'";
}

Status Broken(const std::string& message) { return {StatusCode::kInvalidArgument, message}; }

// Which values have been produced so far, while nodes are walked in order.
class Produced {
 public:
  explicit Produced(const Graph& graph) : graph_(graph), done_(graph.values.size(), false) {}

  bool InRange(int value) const { return value >= 0 && static_cast<size_t>(value) < done_.size(); }

  bool Has(int value) const { return done_[static_cast<size_t>(value)]; }

  // Marks `value`, on behalf of `who`.
  Status Add(int value, const std::string& who) {
    if (!InRange(value)) return Broken(who + " names a value that does not exist");
    if (Has(value)) return Broken(Named(graph_, value) + " is produced twice, again by " + who);
    done_[static_cast<size_t>(value)] = true;
    return {};
  }

 private:
  const Graph& graph_;
  std::vector<bool> done_;
};

Status CheckNode(const Graph& graph, const Node& node, Produced& produced) {
  const std::string who = "node '" + node.name + "'";
  for (const int input : node.inputs) {
    if (input == -1) continue;
    if (!produced.InRange(input)) return Broken(who + " reads a value that does not exist");
    if (!produced.Has(input))
      return Broken(who + " reads " + Named(graph, input) + ", which nothing before it produces");
  }
  for (const int output : node.outputs) TENTER_RETURN_IF_ERROR(produced.Add(output, who));
  return {};
}

size_t OwnInputsOf(const Node& node) {
  size_t count = node.inputs.size();
  for (const Node& next : node.epilogue) count -= next.inputs.size() - 1;
  return count;
}

// Without its epilogue.
OpCall OwnCallOf(const Graph& graph, const Node& node) {
  OpCall call{node.name, node.op_type, node.attributes, graph.opset, {}, {}, {}};
  call.output_count = static_cast<int>(node.outputs.size());
  call.layout = node.layout;
  call.carried = node.carried;
  call.packed = graph.packed.get();
  call.shapes = node.shapes;
  for (const int input : std::span(node.inputs).first(OwnInputsOf(node))) {
    call.present.push_back(input >= 0);
    call.inputs.emplace_back();
    call.constants.push_back(nullptr);
    if (input < 0) continue;
    const Value& value = graph.values[static_cast<size_t>(input)];
    if (value.constant) {
      call.inputs.back() = value.constant->spec();
      call.constants.back() = &*value.constant;
      continue;
    }
    TENTER_CHECK(value.spec.has_value(), "no spec for value '" + value.name + "'");
    call.inputs.back() = *value.spec;
  }
  return call;
}

}  // namespace

const Tensor* ConstantAt(const Graph& graph, int value) {
  if (value < 0) return nullptr;
  const auto& constant = graph.values[static_cast<size_t>(value)].constant;
  return constant ? &*constant : nullptr;
}

Status CheckGraph(const Graph& graph) {
  Produced produced(graph);
  for (size_t i = 0; i < graph.values.size(); ++i)
    if (graph.values[i].constant)
      TENTER_RETURN_IF_ERROR(produced.Add(static_cast<int>(i), "a constant"));
  for (const int input : graph.inputs) {
    TENTER_RETURN_IF_ERROR(produced.Add(input, "a graph input"));
    if (!graph.values[static_cast<size_t>(input)].spec)
      return Broken("graph input " + Named(graph, input) + " has no type");
  }
  for (const Node& node : graph.nodes) TENTER_RETURN_IF_ERROR(CheckNode(graph, node, produced));
  for (const int output : graph.outputs)
    if (!produced.InRange(output) || !produced.Has(output))
      return Broken("a graph output is produced by nothing");
  return {};
}

OpCall CallOf(const Graph& graph, const Node& node) {
  OpCall call = OwnCallOf(graph, node);
  for (const Node& next : node.epilogue) call.epilogue.push_back(OwnCallOf(graph, next));
  return call;
}

std::vector<ModelNode> ModelNodesOf(const Node& node) {
  if (node.of_plan) return {};
  std::vector<ModelNode> nodes = node.stands_for;
  if (nodes.empty()) nodes.push_back({node.name, node.op_type, node.shapes});
  for (const Node& next : node.epilogue)
    for (ModelNode& one : ModelNodesOf(next)) nodes.push_back(std::move(one));
  return nodes;
}

std::vector<TensorSpec> OutputSpecsOf(const Graph& graph, const Node& node) {
  std::vector<TensorSpec> specs;
  for (const int output : node.outputs) {
    const Value& value = graph.values[static_cast<size_t>(output)];
    TENTER_CHECK(value.spec.has_value(), "no spec for value '" + value.name + "'");
    specs.push_back(*value.spec);
  }
  return specs;
}

}  // namespace tenter
