#include "runtime/graph/lay_out.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "runtime/ops/broadcast.h"
#include "runtime/ops/tables.h"

namespace tenter {
namespace {

bool IsElementwise(const Node& node) {
  const std::span<const OpType> ops = ElementwiseOps();
  return std::any_of(ops.begin(), ops.end(),
                     [&](const OpType& op) { return op.name == node.op_type; });
}

// Ops whose kernels know of layouts, and do not ask for one.
bool TakesBoth(const Node& node) {
  return node.op_type == "BatchNormalization" || node.op_type == "MaxPool" ||
         node.op_type == "AveragePool" || node.op_type == "GlobalAveragePool";
}

// How many of its first inputs are images or go with them; the others are numbers that say how.
size_t ImagesOf(const Node& node) {
  return node.op_type == "Clip" || node.op_type == "Gather" ? 1 : node.inputs.size();
}

// Ops along one axis, which go along when nothing but that has to be said otherwise.
bool HasAxis(const Node& node) { return node.op_type == "Concat" || node.op_type == "Gather"; }

// True when an image of this shape lies the same way in both layouts.
bool IsNeutral(const Shape& image) { return image.dim(1) == 1 || image.NumElements(2, 4) == 1; }

// `shape` with axes of 1 in front, up to rank 4.
Shape AsImage(const Shape& shape) { return Shape(PaddedDims(shape, 4)); }

class Layouter {
 public:
  explicit Layouter(Graph& graph)
      : graph_(graph), last_(graph.values.size(), false), turned_(graph.values.size(), -1) {}

  void Run() {
    for (Node& node : std::exchange(graph_.nodes, {})) {
      asker_ = node.name;
      if (Asks(node) || (TakesBoth(node) && IsImage(node.inputs[0]) && LiesLast(node.inputs[0]))) {
        node.inputs[0] = Last(node.inputs[0]);
        node.layout = Layout::kChannelsLast;
        AddWithOutputsLast(std::move(node));
      } else if (GoesAlong(node)) {
        for (size_t i = 0; i < ImagesOf(node); ++i) node.inputs[i] = OperandLast(node.inputs[i]);
        if (HasAxis(node)) TurnAxis(node);
        AddWithOutputsLast(std::move(node));
      } else {
        for (int& input : node.inputs) input = First(input);
        graph_.nodes.push_back(std::move(node));
      }
    }
  }

 private:
  const Value& At(int value) const { return graph_.values[static_cast<size_t>(value)]; }
  bool IsConstant(int value) const { return At(value).constant.has_value(); }

  // What the readers of `value` see of it in the model.
  Shape ShapeOf(int value) const {
    const Shape& shape = At(value).spec->shape;
    return last_[static_cast<size_t>(value)] ? ToChannelsFirst(shape) : shape;
  }

  bool IsImage(int value) const {
    if (value < 0) return false;
    const TensorSpec& spec = *At(value).spec;
    return spec.dtype == DType::kFloat32 && spec.shape.rank() == 4 && spec.size_bytes() > 0;
  }

  // True when nothing has to be turned to have it with the channels last.
  bool LiesLast(int value) const {
    const auto at = static_cast<size_t>(value);
    return last_[at] || (turned_[at] >= 0 && last_[static_cast<size_t>(turned_[at])]);
  }

  bool Asks(const Node& node) const {
    return node.op_type == "Conv" && IsImage(node.inputs[0]) && IsImage(node.inputs[1]) &&
           IsImage(node.outputs[0]) && IsConstant(node.inputs[1]);
  }

  // An operand that a node with the channels last can read: an image, a constant that lies the same
  // way in both layouts, or one number.
  bool CanGoAlong(int input) const {
    if (input < 0) return true;
    const TensorSpec& spec = *At(input).spec;
    if (spec.dtype != DType::kFloat32) return false;
    if (!IsConstant(input)) return IsImage(input) || spec.shape.NumElements() == 1;
    return spec.shape.rank() <= 4 && IsNeutral(AsImage(spec.shape));
  }

  bool GoesAlong(const Node& node) const {
    if (!IsElementwise(node) && !HasAxis(node)) return false;
    if (!IsImage(node.outputs[0]) || (node.op_type == "Gather" && !TakesChannels(node)))
      return false;
    const auto lies_last = [&](int input) {
      return IsImage(input) && !IsConstant(input) && LiesLast(input);
    };
    const auto end = node.inputs.begin() + static_cast<int64_t>(ImagesOf(node));
    return std::any_of(node.inputs.begin(), end, lies_last) &&
           std::all_of(node.inputs.begin(), end, [&](int input) { return CanGoAlong(input); });
  }

  // A Gather of channels that are known.
  bool TakesChannels(const Node& node) const {
    return node.attributes.Int("axis", 0).value() == 1 && IsConstant(node.inputs[1]) &&
           At(node.inputs[1]).spec->shape.rank() == 1;
  }

  int AddValue(std::string name, TensorSpec spec) {
    graph_.values.push_back({std::move(name), std::move(spec), std::nullopt});
    last_.push_back(false);
    turned_.push_back(-1);
    return static_cast<int>(graph_.values.size()) - 1;
  }

  // Makes `to`, a value without a producer, the other layout of `from`.
  void Turn(int from, int to) {
    Node node;
    node.name = asker_;
    node.op_type = "Transpose";
    const bool was_last = last_[static_cast<size_t>(from)];
    node.attributes.Set(
        "perm", was_last ? std::vector<int64_t>{0, 3, 1, 2} : std::vector<int64_t>{0, 2, 3, 1});
    node.inputs = {from};
    node.outputs = {to};
    node.shapes = "(" + TensorSpec{At(from).spec->dtype, ShapeOf(from)}.ToString() + ")";
    node.of_plan = true;
    last_[static_cast<size_t>(to)] = !was_last;
    turned_[static_cast<size_t>(from)] = to;
    turned_[static_cast<size_t>(to)] = from;
    graph_.nodes.push_back(std::move(node));
  }

  int TurnedOf(int value) {
    if (const int turned = turned_[static_cast<size_t>(value)]; turned >= 0) return turned;
    const Shape& shape = At(value).spec->shape;
    const bool was_last = last_[static_cast<size_t>(value)];
    const int to = AddValue(
        At(value).name,
        {At(value).spec->dtype, was_last ? ToChannelsFirst(shape) : ToChannelsLast(shape)});
    Turn(value, to);
    return to;
  }

  int Last(int value) { return last_[static_cast<size_t>(value)] ? value : TurnedOf(value); }
  int First(int value) {
    return value < 0 || !last_[static_cast<size_t>(value)] ? value : TurnedOf(value);
  }

  int OperandLast(int value) {
    if (value < 0 || (!IsConstant(value) && IsImage(value))) return value < 0 ? value : Last(value);
    if (At(value).spec->shape.NumElements() == 1) return value;
    // Of a constant it is only said otherwise what lies there.
    const Tensor constant = *At(value).constant;
    const TensorSpec spec{constant.dtype(), ToChannelsLast(AsImage(constant.shape()))};
    const int to = AddValue(At(value).name, spec);
    graph_.values.back().constant = constant.ViewAs(spec);
    return to;
  }

  static void TurnAxis(Node& node) {
    constexpr int64_t kTurned[] = {0, 3, 1, 2};
    const int64_t axis = node.attributes.Int("axis", 1).value();
    node.attributes.Set("axis", kTurned[axis < 0 ? axis + 4 : axis]);
  }

  // Adds the node with outputs that lie with the channels last. An output of the graph is turned
  // back at once, and keeps its name.
  void AddWithOutputsLast(Node node) {
    std::vector<std::pair<int, int>> to_turn;
    for (int& output : node.outputs) {
      const TensorSpec spec{At(output).spec->dtype, ToChannelsLast(At(output).spec->shape)};
      const bool of_graph =
          std::find(graph_.outputs.begin(), graph_.outputs.end(), output) != graph_.outputs.end();
      if (of_graph) {
        const int inside = AddValue(At(output).name, spec);
        to_turn.emplace_back(inside, output);
        output = inside;
      } else {
        graph_.values[static_cast<size_t>(output)].spec = spec;
      }
      last_[static_cast<size_t>(output)] = true;
    }
    graph_.nodes.push_back(std::move(node));
    for (const auto& [inside, output] : to_turn) Turn(inside, output);
  }

  Graph& graph_;
  std::string asker_;        // the node of the model for which an image is turned
  std::vector<bool> last_;   // per value: it lies with the channels last
  std::vector<int> turned_;  // per value: the one that is the same in the other layout, or -1
};

}  // namespace

Status LayOut(Graph& specialised) {
  Layouter(specialised).Run();
  return CheckGraph(specialised);
}

}  // namespace tenter
