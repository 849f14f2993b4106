#include "fuzz/model/program/draw_chain.h"

#include <algorithm>
#include <utility>

#include "fuzz/model/program/draw_node.h"

namespace tenter::fuzz::model {
namespace {

constexpr std::initializer_list<const char*> kFollowers = {"BatchNormalization",
                                                           "BatchNormalization",
                                                           "BatchNormalization",
                                                           "Relu",
                                                           "Relu",
                                                           "Clip",
                                                           "LeakyRelu",
                                                           "Add",
                                                           "Mul",
                                                           "Sub",
                                                           "Sum",
                                                           "MaxPool",
                                                           "AveragePool",
                                                           "Concat",
                                                           "Neg",
                                                           "Identity",
                                                           "Dropout",
                                                           "Dropout"};
constexpr std::initializer_list<const char*> kArithmetic = {"Add", "Add", "Sub", "Sum", "Mul"};
constexpr std::initializer_list<const char*> kFunctions = {"Relu", "Relu", "Clip", "LeakyRelu",
                                                           "HardSigmoid"};

bool IsArithmetic(const std::string& op) {
  return std::find(kArithmetic.begin(), kArithmetic.end(), op) != kArithmetic.end();
}

// Often a function of a sum: of two branches, or of a product and its bias. And one of what weights
// that are not finite make, since functions lose a NaN more easily than sums.
std::string OpOfEpilogue(Drawn* d) {
  const Node& last = d->graph.nodes.back();
  const bool function = d->dice->Chance(IsArithmetic(last.op) || HasStrangeWeights(last) ? 80 : 35);
  return d->dice->OneOf(function ? kFunctions : kArithmetic);
}

Node NormalisationOf(const std::string& x, Drawn* d) {
  if (d->At(x).rank() < 2) return {};
  const Dims channels = {d->At(x).dims[1]};
  return {.op = "BatchNormalization",
          .operands = {x, d->Const(channels), d->Const(channels), d->Const(channels),
                       d->Const(channels, 'v')},
          .attributes = {{"epsilon", {0.25}}}};
}

// What is added to each channel, to each column, or to all but the batch and one other axis.
Dims BiasOf(const Dims& dims, Dice* dice) {
  if (dims.empty() || dice->Chance(20)) return {};
  if (dims.size() > 2 && dice->Chance(30)) {
    Dims but_one(dims.begin() + 1, dims.end());
    but_one[static_cast<size_t>(dice->From(0, static_cast<int>(but_one.size()) - 1))] = 1;
    return but_one;
  }
  if (dims.size() < 3 || dice->Chance(30)) return {dims.back()};
  Dims bias(dims.size() - 1, 1);
  bias[0] = dims[1];
  return bias;
}

// Another value of the same size, of an input or computed, or a constant that is stretched to it.
// From a convolution often one number for each of its channels is subtracted, which may become part
// of its bias.
std::string OperandBeside(const std::string& op, const std::string& value, Drawn* d) {
  if (op == "Sub" && d->graph.nodes.back().op == "Conv" && d->dice->Chance(60)) {
    Dims of_channels(d->At(value).dims.size() - 1, 1);
    of_channels[0] = d->At(value).dims[1];
    return d->Weights(of_channels);
  }
  std::vector<std::string> fit;
  for (const std::string& name : d->names)
    if (name != value && d->At(name).dims == d->At(value).dims && !d->At(name).integers)
      fit.push_back(name);
  if (!fit.empty() && d->dice->Chance(45)) return d->dice->OneOf(fit);
  if (d->dice->Chance(60))
    if (std::string made = d->InputLike(value); !made.empty()) return made;
  return d->Weights(BiasOf(d->At(value).dims, d->dice));
}

}  // namespace

std::vector<Node> DrawGate(const std::string& value, const std::string& other, Drawn* d) {
  Dice& dice = *d->dice;
  const int at = static_cast<int>(d->graph.nodes.size());
  const auto name = [at](int i) { return "n" + std::to_string(at + i); };
  // Now and then a number that is not the one of a HardSwish.
  const auto number = [&](int right, int wrong) { return dice.Chance(12) ? wrong : right; };
  const auto constant = [&](int n) {
    return d->ConstOf(dice.Chance(50) ? Dims{} : Dims{1}, n, 'n');
  };
  const auto two = [&](const char* op, std::string a, std::string b) {
    Node node{.op = op, .operands = {std::move(a), std::move(b)}};
    dice.Shuffle(&node.operands);
    return node;
  };
  std::vector<Node> nodes = {two("Mul", value, constant(6)), two("Mul", other, constant(6)),
                             two("Add", name(0), constant(number(3, dice.OneOf({6, 9}))))};
  nodes.push_back({.op = "Clip",
                   .operands = {name(2)},
                   .attributes = {{"min", {static_cast<double>(number(0, dice.OneOf({-3, 3})))}},
                                  {"max", {static_cast<double>(number(6, dice.OneOf({3, 12})))}}}});
  nodes.push_back(two("Mul", name(dice.Chance(40) ? 1 : 0), name(3)));
  nodes.push_back({.op = "Div", .operands = {name(4), constant(number(6, dice.OneOf({2, 3})))}});
  return nodes;
}

std::vector<Node> DrawShuffle(const std::string& value, Drawn* d) {
  Dice& dice = *d->dice;
  const Dims image = d->At(value).dims;
  const int64_t groups = dice.OneOf<int64_t>({2, 2, 3, 4});
  if (image.size() != 4 || image[1] < 2 * groups || image[1] % groups != 0) return {};
  const int at = static_cast<int>(d->graph.nodes.size());
  const auto name = [at](int i) { return "n" + std::to_string(at + i); };
  const auto number = [](int64_t n) { return static_cast<double>(n); };
  const double h = number(image[2]), w = number(image[3]);
  std::vector<double> perm = {0, 2, 1, 3, 4}, back = {0, number(image[1]), h, w};
  if (dice.Chance(10)) std::swap(perm[static_cast<size_t>(dice.From(1, 3))], perm[4]);
  if (dice.Chance(10)) std::swap(back[2], back[3]);
  std::vector<double> split = {0, number(groups), number(image[1] / groups), h, w};
  if (dice.Chance(25)) split[2] *= std::exchange(split[3], 1);  // lines, and no channels
  return {{.op = "Reshape", .operands = {value}, .attributes = {{"shape", split}}},
          {.op = "Transpose", .operands = {name(0)}, .attributes = {{"perm", perm}}},
          {.op = "Reshape", .operands = {name(1)}, .attributes = {{"shape", back}}}};
}

bool HasStrangeWeights(const Node& node) {
  return std::any_of(node.operands.begin(), node.operands.end(),
                     [](const std::string& operand) { return operand.ends_with("f}"); });
}

Node DrawNormalisation(Drawn* d) {
  std::string x = d->Pick(2, 4);
  if (x.empty()) return {};
  for (const Node& node : d->graph.nodes)
    if (node.op == "Conv" && d->dice->Chance(50)) x = OutputName(node, 0);
  return NormalisationOf(x, d);
}

int ChanceOfChain(const Node& node) {
  if (node.op == "Conv") return 70;
  return node.op == "Gemm" || node.op == "MatMul" || node.op == "BatchNormalization" ? 50 : 10;
}

Node DrawFollower(const std::string& value, bool of_epilogue, Drawn* d) {
  Dice& dice = *d->dice;
  const std::string op = of_epilogue ? OpOfEpilogue(d) : dice.OneOf(kFollowers);
  if (op == "BatchNormalization") return NormalisationOf(value, d);
  Node node{.op = op, .operands = {value}};
  const int rank = d->At(value).rank();
  if (op == "MaxPool" || op == "AveragePool") return rank < 3 ? Node{} : DrawPool(op, value, d);
  if (op == "Concat") {
    node.operands.push_back(dice.Chance(50) ? value : d->Pick(rank, rank));
    dice.Shuffle(&node.operands);
    if (rank > 0) node.attributes = {{"axis", {DrawAxis(rank, &dice)}}};
  }
  if (op == "Dropout") {
    if (dice.Chance(50)) node.attributes.push_back({"ratio", {0.5}});
    if (dice.Chance(30)) node.attributes.push_back({"training", {0}});
    if (dice.Chance(50)) node.attributes.push_back({"mask", {}});
  }
  if (op == "LeakyRelu") node.attributes = {{"alpha", {0.5}}};
  if (op == "HardSigmoid")
    node.attributes = {{"alpha", {dice.OneOf({0.5, 0.25})}}, {"beta", {dice.OneOf({0.5, 0.25})}}};
  if (op == "Clip")
    node.attributes = {{"min", {static_cast<double>(dice.From(-3, 0))}},
                       {"max", {static_cast<double>(dice.From(-3, 6))}}};
  if (IsArithmetic(op)) {
    const int others = op == "Sum" ? dice.OneOf({0, 1, 1, 2, 3}) : 1;
    for (int i = 0; i < others; ++i) node.operands.push_back(OperandBeside(op, value, d));
    dice.Shuffle(&node.operands);
  }
  return node;
}

}  // namespace tenter::fuzz::model
