#include "fuzz/model/program/draw_graph.h"

#include <algorithm>

#include "fuzz/model/program/draw_chain.h"
#include "fuzz/model/program/draw_depthwise.h"
#include "fuzz/model/program/draw_node.h"
#include "fuzz/model/program/draw_rows.h"
#include "fuzz/model/program/draw_tiles.h"

namespace tenter::fuzz::model {
namespace {

constexpr int kTries = 40;

Input DrawInput(size_t number, Dice* dice) {
  Input input{.name = "x" + std::to_string(number), .dims = {}};
  if (dice->Chance(12)) {
    input.integers = true;
    input.dims = {dice->OneOf<int64_t>({1, 2, 3})};
    return input;
  }
  input.special = dice->Chance(8);
  const int rank = dice->OneOf({1, 2, 2, 3, 4, 4, 4});
  input.nonfinite = !input.special && dice->Chance(rank == 4 ? 30 : 20);
  for (int i = 0; i < rank; ++i) {
    const int64_t size = i == 0   ? dice->OneOf<int64_t>({kAnySize, kAnySize, 1, 2})
                         : i == 1 ? dice->OneOf<int64_t>({1, 2, 3, 4, 6})
                                  : dice->OneOf<int64_t>({1, 2, 3, 4, 5, 7});
    input.dims.push_back(size);
  }
  // Rarely a later one is open, too, and the file may say so in any way.
  for (int64_t& size : input.dims) {
    if (&size != &input.dims[0] && dice->Chance(4)) size = kAnySize;
    if (size == kAnySize && dice->Chance(25))
      size = dice->OneOf({kSizeUntold, kSizeUntold, kSizeZero, kSizeBelow});
  }
  // A loop that goes in steps of a register or a tile has its edges at these sizes.
  if (rank > 1 && dice->Chance(8))
    input.dims[static_cast<size_t>(dice->From(1, rank - 1))] = dice->OneOf<int64_t>({16, 17, 33});
  // What takes one axis for another is refused, unless they are of one size.
  if (dice->Chance(20)) {
    const int64_t side = dice->OneOf<int64_t>({2, 3});
    for (int64_t& size : input.dims)
      if (!IsOpen(size) || dice->Chance(50)) size = side;
  }
  return input;
}

// Adds the node when it fits at every size.
bool TryNode(Node node, Drawn* drawn) {
  node.name = "n" + std::to_string(drawn->graph.nodes.size());
  if (!AddAtEverySize(node, &drawn->values)) return false;
  for (size_t i = 0; i < OutputsOf(node); ++i) drawn->names.push_back(OutputName(node, i));
  drawn->graph.nodes.push_back(std::move(node));
  return true;
}

// Lets the next nodes read the last one, and somebody else, too, what lies between them.
void TryChain(Drawn* drawn) {
  Dice& dice = *drawn->dice;
  int chance = ChanceOfChain(drawn->graph.nodes.back());
  const bool strange = HasStrangeWeights(drawn->graph.nodes.back());
  const bool of_epilogue = chance > 20 && dice.Chance(strange ? 80 : 45);
  for (chance += of_epilogue ? 20 : 0; dice.Chance(chance); chance = chance * 2 / 3) {
    const std::string middle = drawn->graph.nodes.back().name;
    if (!TryNode(DrawFollower(middle, of_epilogue, drawn), drawn)) return;
    if (dice.Chance(of_epilogue ? 10 : 30)) drawn->middles.push_back(middle);
    const Node& follower = drawn->graph.nodes.back();
    if (follower.op == "Dropout" && OutputsOf(follower) > 1 && dice.Chance(60))
      drawn->middles.push_back(OutputName(follower, 1));
    if (dice.Chance(10)) TryNode({.op = "Add", .operands = {middle, follower.name}}, drawn);
  }
}

// Sometimes the last node again, with other constants or another input, and both are outputs: what
// is kept of the one must not be taken for the other's.
void TryTwin(Drawn* drawn) {
  Dice& dice = *drawn->dice;
  Node twin = drawn->graph.nodes.back();
  if (!dice.Chance(ChanceOfChain(twin) > 20 ? 30 : 10)) return;
  bool differs = false;
  for (std::string& operand : twin.operands) {
    if (operand == "-" || dice.Chance(40)) continue;
    const auto known = ParseConstant(operand);
    std::string other = known ? drawn->ConstOf(known->dims, dice.From(1, 999), known->kind)
                              : drawn->InputLike(operand);
    if (other.empty()) continue;
    operand = std::move(other);
    differs = true;
  }
  const std::string one = twin.name;
  if (differs && TryNode(std::move(twin), drawn)) drawn->middles.push_back(one);
}

// A node with an input of its own, and what stands behind it.
void TryFirst(Node node, Drawn* drawn) {
  if (!TryNode(std::move(node), drawn)) return;
  TryTwin(drawn);
  TryChain(drawn);
}

// x * Clip(x + 3, 0, 6) / 6, which is a HardSwish, and what is almost that. All numbers are
// multiples of six, so that no quotient is rounded.
void TryGate(Drawn* drawn) {
  const std::string value = drawn->Pick(0, 4);
  if (value.empty()) return;
  std::vector<std::string> alike;
  for (const std::string& name : drawn->names)
    if (name != value && drawn->At(name).dims == drawn->At(value).dims) alike.push_back(name);
  const std::string other = alike.empty() ? drawn->InputLike(value) : drawn->dice->OneOf(alike);
  if (other.empty()) return;
  const size_t first = drawn->graph.nodes.size();
  for (Node& node : DrawGate(value, other, drawn))
    if (!TryNode(std::move(node), drawn)) return;
  const Node& middle = drawn->graph.nodes[first + static_cast<size_t>(drawn->dice->From(1, 5))];
  if (drawn->dice->Chance(30)) drawn->middles.push_back(middle.name);
}

// A channel shuffle, now and then of a convolution, and somebody who reads a part of it.
void TryShuffle(Drawn* drawn) {
  const std::string value = drawn->Pick(4, 4);
  if (value.empty()) return;
  const size_t first = drawn->graph.nodes.size();
  for (Node& node : DrawShuffle(value, drawn))
    if (!TryNode(std::move(node), drawn)) return;
  if (drawn->graph.nodes.size() == first) return;
  if (drawn->dice->Chance(20))
    drawn->middles.push_back(drawn->graph.nodes[first + drawn->dice->From(0, 1)].name);
  TryNode(DrawNode(drawn), drawn);
}

// The last value, so that something is worked out, and others: in the middle, twice, an input, one
// that is the same for all requests.
void DrawOutputs(Drawn* drawn) {
  Graph& graph = drawn->graph;
  graph.outputs.push_back(graph.nodes.back().name);
  for (int i = 0; i < 3 && drawn->dice->Chance(35); ++i)
    graph.outputs.push_back(drawn->dice->OneOf(drawn->names));
  graph.outputs.insert(graph.outputs.end(), drawn->middles.begin(), drawn->middles.end());
  if (drawn->dice->Chance(5) &&
      TryNode({.op = "Identity", .operands = {drawn->Const({2, 3})}}, drawn))
    graph.outputs.push_back(graph.nodes.back().name);
  drawn->dice->Shuffle(&graph.outputs);
}

}  // namespace

std::string Drawn::Pick(int least_rank, int most_rank, bool integers) {
  std::vector<std::string> fit;
  for (const std::string& name : names) {
    const Array& array = At(name);
    if (array.integers == integers && !array.truths && array.rank() >= least_rank &&
        array.rank() <= most_rank)
      fit.push_back(name);
  }
  if (fit.empty()) return "";
  return dice->Chance(55) ? fit.back() : dice->OneOf(fit);
}

std::string Drawn::InputLike(const std::string& value) {
  constexpr size_t kMostInputs = 4;
  if (graph.inputs.size() >= kMostInputs || At(value).integers || At(value).truths) return "";
  Input input{.name = NextInput(), .dims = At(value).dims};
  for (size_t axis = 0; axis < input.dims.size(); ++axis) {
    bool is_size = true, is_fixed = true;
    for (size_t s = 0; s < sizes.size(); ++s) {
      const int64_t dim = values[s].at(value).dims[axis];
      is_size &= dim == sizes[s];
      is_fixed &= dim == input.dims[axis];
    }
    if (!is_size && (!is_fixed || input.dims[axis] == 0)) return "";
    if (is_size) input.dims[axis] = kAnySize;
  }
  input.nonfinite = dice->Chance(50);
  if (!ParseInput(ToText(input))) return "";  // larger than programs have
  return Add(input);
}

std::string Drawn::Add(const Input& input) {
  graph.inputs.push_back(input);
  names.push_back(input.name);
  for (size_t s = 0; s < sizes.size(); ++s)
    values[s][input.name] = InputsOf(graph, sizes[s], 0).back();
  return input.name;
}

std::string Drawn::Const(const Dims& dims, char kind) {
  for (const std::string& known : shared)
    if (ParseConstant(known)->dims == dims && ParseConstant(known)->kind == kind &&
        dice->Chance(30))
      return known;
  std::string made = ConstOf(dims, dice->From(1, 999), kind);
  // A larger one than programs have fits nowhere: its node is not added.
  if (ParseConstant(made).has_value()) shared.push_back(made);
  return made;
}

std::string Drawn::ConstOf(const Dims& dims, int64_t seed, char kind) {
  std::string text = "{";
  for (size_t i = 0; i < dims.size(); ++i) text += (i > 0 ? "," : "") + std::to_string(dims[i]);
  return text + ":" + std::to_string(seed) + (kind == ' ' ? "" : std::string(1, kind)) + "}";
}

Array Drawn::Known(const std::string& operand) const { return OperandOf(operand, values.back()); }

int64_t Drawn::SizeAt(const std::string& operand, double axis) const {
  const auto at = [axis](const Array& array) {
    return array.dims[static_cast<size_t>(axis < 0 ? axis + array.rank() : axis)];
  };
  int64_t least = at(Known(operand));
  if (IsConstant(operand)) return least;
  for (const Values& mine : values) least = std::min(least, at(mine.at(operand)));
  return least;
}

Graph DrawGraph(const std::vector<int64_t>& sizes, int nodes, Dice* dice) {
  Drawn drawn;
  drawn.dice = dice;
  drawn.sizes = sizes;
  const int inputs = dice->OneOf({1, 1, 1, 2, 2, 3});
  for (int i = 0; i < inputs; ++i) {
    drawn.graph.inputs.push_back(DrawInput(static_cast<size_t>(i), dice));
    drawn.names.push_back(drawn.graph.inputs.back().name);
  }
  drawn.values = ValuesOfInputs(drawn.graph, sizes);
  const int special = dice->From(1, kProgramsForTiles);
  if (special == 1) TryFirst(DrawTiles(&drawn), &drawn);
  const int behind_rows = special - 1 - kProgramsWithRow;
  if (special > 1 && behind_rows <= 0) TryFirst(DrawLongRow(&drawn), &drawn);
  if (behind_rows > 0 && behind_rows <= kProgramsWithDepthwise)
    if (TryNode(DrawDepthwise(&drawn), &drawn))
      TryFirst(DrawBound(drawn.graph.nodes.back().name, &drawn), &drawn);
  for (int tries = nodes * kTries; tries > 0 && static_cast<int>(drawn.graph.nodes.size()) < nodes;
       --tries) {
    if (TryNode(DrawNode(&drawn), &drawn)) {
      TryTwin(&drawn);
      TryChain(&drawn);
      if (dice->Chance(2)) TryGate(&drawn);
      if (dice->Chance(7)) TryShuffle(&drawn);
    }
  }
  if (drawn.graph.nodes.empty())
    TryNode({.op = "Identity", .operands = {drawn.names.front()}}, &drawn);
  DrawOutputs(&drawn);
  return drawn.graph;
}

}  // namespace tenter::fuzz::model
