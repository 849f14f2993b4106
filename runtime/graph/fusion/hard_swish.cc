#include "runtime/graph/fusion/hard_swish.h"

#include <array>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/graph/fusion/readers.h"

namespace tenter {
namespace {

class Folder {
 public:
  explicit Folder(Graph& graph) : graph_(graph), readers_(graph) {}

  void Run() {
    for (Node& node : graph_.nodes) Fold(node);
    std::erase_if(graph_.nodes, [](const Node& node) { return node.outputs.empty(); });
  }

 private:
  // The four nodes, and what the first one reads.
  struct Written {
    std::array<Node*, 4> nodes;
    int input;
  };

  bool IsNumber(int value, float number) const {
    if (value < 0) return false;
    const Value& v = graph_.values[static_cast<size_t>(value)];
    return v.constant && v.constant->dtype() == DType::kFloat32 &&
           v.constant->shape().NumElements() == 1 && *v.constant->data<float>() == number;
  }

  // The other operand, where one of two is this number.
  std::optional<int> Beside(const Node& node, float number) const {
    if (IsNumber(node.inputs[1], number)) return node.inputs[0];
    if (IsNumber(node.inputs[0], number)) return node.inputs[1];
    return std::nullopt;
  }

  // What the last node divides by six.
  std::optional<int> Sixfold(const Node& last) const {
    if (last.op_type == "Div" && IsNumber(last.inputs[1], 6.0f)) return last.inputs[0];
    if (last.op_type == "Mul") return Beside(last, 1.0f / 6.0f);
    return std::nullopt;
  }

  bool ClipsToSix(const Node& node) const {
    if (graph_.opset >= 11)
      return node.inputs.size() == 3 && IsNumber(node.inputs[1], 0.0f) &&
             IsNumber(node.inputs[2], 6.0f);
    const auto low = node.attributes.Float("min", NAN), high = node.attributes.Float("max", NAN);
    return low.ok() && high.ok() && *low == 0.0f && *high == 6.0f;
  }

  std::optional<Written> Find(Node& last) const {
    const std::optional<int> sixfold = Sixfold(last);
    Node* const product = sixfold ? readers_.Only(*sixfold, "Mul") : nullptr;
    if (product == nullptr) return std::nullopt;
    for (const size_t clipped : {size_t{0}, size_t{1}}) {
      const int input = product->inputs[1 - clipped];
      Node* const clip = readers_.Only(product->inputs[clipped], "Clip");
      Node* const sum = clip == nullptr ? nullptr : readers_.Only(clip->inputs[0], "Add");
      if (sum == nullptr || !ClipsToSix(*clip) || Beside(*sum, 3.0f) != input) continue;
      return Written{{sum, clip, product, &last}, input};
    }
    return std::nullopt;
  }

  void Fold(Node& last) {
    const std::optional<Written> found = Find(last);
    if (!found || !SameSpec(found->input, last.outputs[0])) return;
    Node node;
    node.name = found->nodes[0]->name;
    node.op_type = "HardSwish";
    node.inputs = {found->input};
    node.outputs = last.outputs;
    node.shapes = "(" + graph_.values[static_cast<size_t>(found->input)].spec->ToString() + ")";
    for (const Node* part : found->nodes)
      node.stands_for.push_back({part->name, part->op_type, part->shapes});
    for (Node* part : found->nodes) *part = {};
    last = std::move(node);
  }

  // A constant of more axes than the input would have given it more.
  bool SameSpec(int a, int b) const {
    return graph_.values[static_cast<size_t>(a)].spec == graph_.values[static_cast<size_t>(b)].spec;
  }

  Graph& graph_;
  const Readers readers_;
};

}  // namespace

Status FoldHardSwish(Graph& specialised) {
  Folder(specialised).Run();
  return CheckGraph(specialised);
}

}  // namespace tenter
