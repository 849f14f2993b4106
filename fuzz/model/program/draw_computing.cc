// Nodes that work out numbers.
#include <algorithm>
#include <string>

#include "fuzz/model/program/draw_chain.h"
#include "fuzz/model/program/draw_node.h"

namespace tenter::fuzz::model {
namespace {

constexpr std::initializer_list<const char*> kBinaries = {"Add", "Sub", "Mul", "Div"};
constexpr std::initializer_list<const char*> kVariadics = {"Sum", "Max", "Min"};
constexpr std::initializer_list<const char*> kUnaries = {
    "Relu",        "Relu",     "Neg",
    "Abs",         "Identity", "LeakyRelu",
    "HardSigmoid", "Clip",     "GlobalAveragePool",
    "Shape"};

// Chosen sizes that go with `dims`: each that of the value or one, without some at the front; or
// more than the value has, so that it is the one that is stretched.
Dims Broadcastable(const Dims& dims, int chance_of_more, Dice* dice) {
  Dims made = dims;
  if (dice->Chance(chance_of_more)) {
    for (int64_t& size : made) size = size == 1 ? dice->From(1, 4) : size;
    if (made.size() < 4 && dice->Chance(50)) made.insert(made.begin(), dice->From(1, 3));
    return made;
  }
  for (int64_t& size : made)
    if (dice->Chance(30)) size = 1;
  if (dice->Chance(30))
    made.erase(made.begin(), made.begin() + dice->From(0, static_cast<int>(made.size())));
  return made;
}

Node Binary(const std::string& op, Drawn* d) {
  const std::string one = d->Pick(0, 4);
  if (one.empty()) return {};
  Dims dims = Broadcastable(d->At(one).dims, op == "Div" ? 40 : 15, d->dice);
  // The size of a call is that of no constant.
  if (dims.size() == d->At(one).dims.size() && !dims.empty()) dims[0] = 1;
  std::string other = d->Const(dims, op == "Div" ? 'p' : ' ');
  if (op != "Div" && d->dice->Chance(50)) other = d->Pick(0, 4);
  Node node{.op = op, .operands = {one, other}};
  if (op != "Div" && d->dice->Chance(30)) std::swap(node.operands[0], node.operands[1]);
  return node;
}

Node Variadic(const std::string& op, Drawn* d) {
  Node node{.op = op};
  for (int i = d->dice->From(1, 3); i > 0; --i) node.operands.push_back(d->Pick(0, 4));
  if (op != "Sum" && d->dice->Chance(15)) node.operands.back() = d->Const({1}, 's');
  return node;
}

Node Unary(const std::string& op, Drawn* d) {
  Node node{.op = op, .operands = {d->Pick(0, 5)}};
  Dice& dice = *d->dice;
  if (op == "LeakyRelu") node.attributes = {{"alpha", {dice.OneOf({0.5, 0.25})}}};
  if (op == "HardSigmoid")
    node.attributes = {{"alpha", {dice.OneOf({0.5, 0.25})}}, {"beta", {dice.OneOf({0.5, 0.25})}}};
  if (op == "Clip") {
    if (dice.Chance(70))
      node.attributes.push_back({"min", {static_cast<double>(dice.From(-3, 0))}});
    // Below the lower bound, too.
    if (dice.Chance(70))
      node.attributes.push_back({"max", {static_cast<double>(dice.From(-3, 6))}});
  }
  return node;
}

// Attributes of a window over `axes` axes; `most_pad` smaller than the kernel where that is asked.
void DrawWindow(const Dims& kernel, bool dilations, Node* node, Dice* dice) {
  const size_t axes = kernel.size();
  Numbers pads, strides, steps;
  for (size_t i = 0; i < 2 * axes; ++i)
    pads.push_back(dice->Chance(50) ? 0 : dice->From(0, static_cast<int>(kernel[i % axes]) - 1));
  for (size_t i = 0; i < axes; ++i) strides.push_back(dice->OneOf({1, 1, 1, 2, 3}));
  for (size_t i = 0; i < axes; ++i) steps.push_back(dice->OneOf({1, 1, 2, 3}));
  if (dice->Chance(25))
    node->attributes.push_back({dice->OneOf({"same_upper", "same_lower", "valid"}), {}});
  else if (dice->Chance(70))
    node->attributes.push_back({"pads", pads});
  if (dice->Chance(60)) node->attributes.push_back({"strides", strides});
  if (dilations && dice->Chance(40)) node->attributes.push_back({"dilations", steps});
}

// Beside a convolution that is there already: of the same image, with the same sizes, and other
// weights. Empty when there is none.
Node ConvBeside(Drawn* d) {
  for (const Node& there : d->graph.nodes) {
    if (there.op != "Conv" || d->dice->Chance(30)) continue;
    Node node = there;
    node.name.clear();
    node.operands[1] =
        d->ConstOf(ParseConstant(node.operands[1])->dims, d->dice->From(1, 999), ' ');
    return node;
  }
  return {};
}

Node Conv(Drawn* d) {
  Dice& dice = *d->dice;
  if (dice.Chance(25)) return ConvBeside(d);
  const std::string x = d->Pick(3, 4);
  if (x.empty()) return {};
  const Dims& dims = d->At(x).dims;
  Numbers divisors;
  for (int64_t i = 1; i <= dims[1]; ++i)
    if (dims[1] % i == 0) divisors.push_back(static_cast<double>(i));
  if (divisors.empty()) return {};
  const auto groups = static_cast<int64_t>(dice.OneOf(divisors));
  Dims kernel;
  for (size_t i = 2; i < dims.size(); ++i) kernel.push_back(dice.OneOf<int64_t>({1, 1, 2, 3}));
  const int64_t made = groups * dice.From(1, 3);
  Dims weights = {made, dims[1] / groups};
  weights.insert(weights.end(), kernel.begin(), kernel.end());
  Node node{.op = "Conv", .operands = {x, d->Const(weights)}};
  if (dice.Chance(50)) node.operands.push_back(d->Weights({made}));
  DrawWindow(kernel, true, &node, &dice);
  // What an infinity makes of the padding, a zero, is a question that kernels answer differently.
  const Dims pads = node.Ints("pads");
  const bool pads_none = std::all_of(pads.begin(), pads.end(), [](int64_t p) { return p == 0; });
  if (pads_none && !node.Find("same_upper") && !node.Find("same_lower"))
    node.operands[1] = d->Weights(weights);
  if (groups > 1) node.attributes.push_back({"group", {static_cast<double>(groups)}});
  return node;
}

Node Pool(const std::string& op, Drawn* d) {
  const std::string x = d->Pick(3, 4);
  return x.empty() ? Node{} : DrawPool(op, x, d);
}

Node MatMul(Drawn* d) {
  const std::string x = d->Pick(1, 4);
  if (x.empty()) return {};
  Dice& dice = *d->dice;
  const Dims& dims = d->At(x).dims;
  Node node{.op = "MatMul", .operands = {x, ""}};
  if (dice.Chance(25)) {
    node.operands[1] = d->Pick(1, 4);
  } else if (dice.Chance(30) && dims.size() > 1) {
    node.operands = {d->Weights({dice.From(1, 4), dims[dims.size() - 2]}), x};
  } else {
    node.operands[1] = d->Weights(
        dice.Chance(15) ? Dims{dims.back()}
                        : Dims{dims.back(), dice.Chance(25) ? dims.back() : dice.From(1, 5)});
  }
  return node;
}

Node Gemm(Drawn* d) {
  const std::string x = d->Pick(2, 2);
  if (x.empty()) return {};
  Dice& dice = *d->dice;
  const Dims& dims = d->At(x).dims;
  const bool turn_a = dice.Chance(50), turn_b = dice.Chance(40);
  const int64_t depth = dims[turn_a ? 0 : 1], rows = dims[turn_a ? 1 : 0];
  // A column for C can be taken for a row, and an operand for the transposed one, in squares alone.
  const int64_t width = dice.OneOf<int64_t>({rows, rows, depth, dice.From(1, 5), dice.From(1, 5)});
  Node node{.op = "Gemm",
            .operands = {x, d->Weights(turn_b ? Dims{width, depth} : Dims{depth, width})}};
  if (width == rows && dice.Chance(40))
    node.operands.push_back(d->Weights({rows, 1}));
  else if (dice.Chance(70))
    node.operands.push_back(d->Weights(
        dice.OneOf(std::vector<Dims>{{width}, {1, width}, {rows, 1}, {rows, width}, {1}, {}})));
  if (turn_a) node.attributes.push_back({"transA", {1}});
  if (turn_b) node.attributes.push_back({"transB", {1}});
  if (dice.Chance(30)) node.attributes.push_back({"alpha", {0.5}});
  if (dice.Chance(30)) node.attributes.push_back({"beta", {2}});
  return node;
}

Node Reduce(Drawn* d) {
  const std::string x = d->Pick(1, 4);
  if (x.empty()) return {};
  const int rank = d->At(x).rank();
  Node node{.op = "ReduceMean", .operands = {x}};
  const Numbers axes = DrawAxes(AllAxes(rank), rank, 3, d->dice);
  if (d->dice->Chance(85)) node.attributes.push_back({"axes", axes});
  if (d->dice->Chance(60))
    node.attributes.push_back({"keepdims", {static_cast<double>(d->dice->From(0, 1))}});
  return node;
}

// Windows that step over cells, of which the last one hangs over the end.
void RoundUp(size_t axes, Node* node, Dice* dice) {
  std::erase_if(node->attributes, [](const auto& attribute) {
    return attribute.first != "kernel_shape" && attribute.first != "pads";
  });
  Numbers strides;
  for (size_t i = 0; i < axes; ++i) strides.push_back(dice->OneOf({2, 2, 3}));
  node->attributes.push_back({"strides", strides});
  node->attributes.push_back({"ceil_mode", {1}});
}

}  // namespace

Node DrawPool(const std::string& op, const std::string& x, Drawn* d) {
  Dice& dice = *d->dice;
  Dims kernel;
  for (size_t i = 2; i < d->At(x).dims.size(); ++i)
    kernel.push_back(dice.OneOf<int64_t>({1, 2, 2, op == "MaxPool" ? 3 : 2}));
  Node node{.op = op, .operands = {x}};
  node.attributes.push_back({"kernel_shape", Numbers(kernel.begin(), kernel.end())});
  const bool rounds_up = dice.Chance(40);
  DrawWindow(kernel, op == "MaxPool", &node, &dice);
  if (rounds_up) RoundUp(kernel.size(), &node, &dice);
  if (op == "AveragePool" && dice.Chance(rounds_up ? 10 : 60))
    node.attributes.push_back({"count_include_pad", {static_cast<double>(dice.From(0, 1))}});
  return node;
}

std::span<const DrawnOp> ComputingOps() {
  static constexpr DrawnOp kOps[] = {
      {3, [](Drawn* one) { return Binary(one->dice->OneOf(kBinaries), one); }},
      {1, [](Drawn* one) { return Variadic(one->dice->OneOf(kVariadics), one); }},
      {3, [](Drawn* one) { return Unary(one->dice->OneOf(kUnaries), one); }},
      {8, Conv},
      {2, [](Drawn* one) { return Pool("MaxPool", one); }},
      {2, [](Drawn* one) { return Pool("AveragePool", one); }},
      {4, DrawNormalisation},
      {4, MatMul},
      {5, Gemm},
      {1, Reduce},
  };
  return kOps;
}

}  // namespace tenter::fuzz::model
