// Nodes that move numbers, or give them another shape.
#include <algorithm>
#include <string>

#include "fuzz/model/program/draw_node.h"

namespace tenter::fuzz::model {
namespace {

constexpr std::initializer_list<const char*> kAxes = {"Squeeze", "Squeeze", "Unsqueeze",
                                                      "Unsqueeze", "Flatten"};
constexpr std::initializer_list<const char*> kWholes = {"Cast", "Identity"};

Node Transpose(Drawn* d) {
  const std::string x = d->Pick(1, 4);
  if (x.empty()) return {};
  Numbers order = AllAxes(d->At(x).rank());
  d->dice->Shuffle(&order);
  Node node{.op = "Transpose", .operands = {x}};
  if (d->dice->Chance(85)) node.attributes.push_back({"perm", order});
  return node;
}

Node Concat(Drawn* d) {
  const std::string x = d->Pick(1, 4);
  if (x.empty()) return {};
  Dice& dice = *d->dice;
  Node node{.op = "Concat", .operands = {x}};
  const double axis = DrawAxis(d->At(x).rank(), &dice);
  if (dice.Chance(40)) {
    Dims dims = d->At(x).dims;
    dims[static_cast<size_t>(axis < 0 ? axis + d->At(x).rank() : axis)] = dice.From(1, 3);
    node.operands.push_back(d->Const(dims));
  }
  for (int i = dice.From(0, 2); i > 0; --i) node.operands.push_back(d->Pick(1, 4));
  dice.Shuffle(&node.operands);
  node.attributes.push_back({"axis", {axis}});
  return node;
}

Node Split(Drawn* d) {
  const std::string x = d->Pick(1, 4, d->dice->Chance(5));
  if (x.empty()) return {};
  const int rank = d->At(x).rank();
  const double axis = DrawAxis(rank, d->dice);
  int64_t left = d->At(x).dims[static_cast<size_t>(axis < 0 ? axis + rank : axis)];
  Numbers parts;
  for (int i = d->dice->From(1, 2); i > 0 && left > 0; --i) {
    parts.push_back(d->dice->From(1, static_cast<int>(left)));
    left -= static_cast<int64_t>(parts.back());
  }
  if (left > 0 || parts.empty()) parts.push_back(static_cast<double>(left));
  return {.op = "Split", .operands = {x}, .attributes = {{"axis", {axis}}, {"parts", parts}}};
}

Node RowsTurnedRound(const std::string& x) {
  return {.op = "Slice",
          .operands = {x},
          .attributes = {{"starts", {-1}}, {"ends", {-9e18}}, {"axes", {0}}, {"steps", {-1}}}};
}

Node Slice(Drawn* d) {
  const std::string x = d->Pick(1, 4);
  if (x.empty()) return {};
  Dice& dice = *d->dice;
  const int rank = d->At(x).rank();
  const Numbers axes = DrawAxes(AllAxes(rank), rank, dice.Chance(30) ? 2 : 1, &dice);
  // At an end of the axis, beyond it, and so far away that a sum with it might not be held.
  const auto place = [&](double axis) {
    const auto size = static_cast<double>(d->SizeAt(x, axis));
    return dice.Chance(50) ? dice.From(-6, 6)
                           : dice.OneOf({-size - 1, -size, size - 1, size, size + 1, 100.0, -100.0,
                                         9e18, -9e18});
  };
  Numbers starts, ends, steps;
  for (const double axis : axes) {
    starts.push_back(place(axis));
    ends.push_back(place(axis));
    steps.push_back(dice.OneOf({1.0, 1.0, 2.0, -1.0, -2.0, 9e18, -9e18}));
  }
  if (dice.Chance(12)) return RowsTurnedRound(x);
  return {.op = "Slice",
          .operands = {x},
          .attributes = {{"starts", starts}, {"ends", ends}, {"axes", axes}, {"steps", steps}}};
}

// A constant of indices that fit an axis of this size, where there is one.
std::string Indices(int64_t size, Drawn* d) {
  const Dims dims = d->dice->OneOf(std::vector<Dims>{{}, {1}, {3}, {2, 2}});
  const int64_t most = std::clamp<int64_t>(size, 1, kMostIndexed);
  return d->ConstOf(dims, d->dice->From(0, 99) * kMostIndexed + most - 1, 'i');
}

// Sometimes of a table that is a constant, by indices that a call chooses. Indices that come with a
// call are in -2 to 2: an axis of two or one has few calls that are right, and all its edges.
Node Gather(Drawn* d) {
  Dice& dice = *d->dice;
  std::string x = d->Pick(1, 4), indices = d->Pick(0, 2, true);
  const bool chosen = !indices.empty() && d->At(indices).most <= 2 && dice.Chance(70);
  if (chosen && indices.starts_with('x') && dice.Chance(40))
    x = d->Const(dice.OneOf(std::vector<Dims>{{1}, {2}, {2, 3}, {3, 2}, {4, 2}}));
  if (x.empty()) return {};
  const int rank = d->Known(x).rank();
  const double axis = DrawAxis(rank, &dice);
  if (!chosen) {
    const int64_t size = d->SizeAt(x, axis);
    indices = Indices(dice.Chance(88) ? size : size + 1, d);
  }
  return {.op = "Gather", .operands = {x, indices}, .attributes = {{"axis", {axis}}}};
}

Node Pad(Drawn* d) {
  const std::string x = d->Pick(1, 4);
  if (x.empty()) return {};
  Numbers pads;
  for (int i = 0; i < 2 * d->At(x).rank(); ++i) pads.push_back(d->dice->OneOf({0, 0, 0, 1, 2, -1}));
  Node node{.op = "Pad", .operands = {x}, .attributes = {{"pads", pads}}};
  if (d->dice->Chance(40))
    node.attributes.push_back({"value", {static_cast<double>(d->dice->From(-2, 2))}});
  return node;
}

Node Reshape(Drawn* d) {
  const std::string x = d->Pick(0, 4);
  if (x.empty()) return {};
  Dice& dice = *d->dice;
  Numbers shape;
  if (dice.Chance(60) && d->At(x).rank() > 0) shape.push_back(0);
  for (int i = dice.From(0, 2); i > 0; --i) shape.push_back(dice.From(1, 4));
  shape.insert(shape.begin() + dice.From(0, static_cast<int>(shape.size())), -1);
  return {.op = "Reshape", .operands = {x}, .attributes = {{"shape", shape}}};
}

// The axes of size one.
Numbers OnesOf(const Array& x) {
  Numbers ones;
  for (size_t i = 0; i < x.dims.size(); ++i)
    if (x.dims[i] == 1) ones.push_back(static_cast<double>(i));
  return ones;
}

// Rather a value with several axes of size one, whose order matters.
std::string PickOnes(Drawn* d) {
  std::string x = d->Pick(0, 5);
  for (int i = 0; i < 4 && !x.empty() && OnesOf(d->At(x)).size() < 2; ++i) x = d->Pick(0, 5);
  return x;
}

// Where Unsqueeze puts new axes: places among all that it makes.
Numbers DrawPlaces(int rank, Dice* dice) {
  const int made = rank + std::min(std::max(5 - rank, 1), dice->OneOf({1, 2, 2, 3}));
  Numbers places = AllAxes(made);
  dice->Shuffle(&places);
  places.resize(static_cast<size_t>(made - rank));
  for (double& place : places)
    if (dice->Chance(40)) place -= made;
  return places;
}

Node Axes(const std::string& op, Drawn* d) {
  const std::string x = op == "Squeeze" ? PickOnes(d) : d->Pick(0, 4);
  if (x.empty()) return {};
  const int rank = d->At(x).rank();
  Node node{.op = op, .operands = {x}};
  if (op == "Flatten")
    node.attributes = {{"axis", {d->dice->Chance(20) ? rank : DrawAxis(rank, d->dice)}}};
  else if (op == "Squeeze")
    node.attributes = {{"axes", DrawAxes(OnesOf(d->At(x)), rank, 3, d->dice)}};
  else
    node.attributes = {{"axes", DrawPlaces(rank, d->dice)}};
  return node;
}

// A value that may have halves, or any when there is none.
std::string PickHalves(Drawn* d) {
  std::vector<std::string> halves;
  for (const std::string& name : d->names)
    if (d->At(name).bits > 0 && !d->At(name).special) halves.push_back(name);
  return halves.empty() ? d->Pick(0, 5) : d->dice->OneOf(halves);
}

// To whole numbers, truths or floats.
Node Cast(Drawn* d) {
  Dice& dice = *d->dice;
  const std::string x = dice.Chance(75) ? PickHalves(d) : d->Pick(0, 5, dice.Chance(50));
  return {
      .op = "Cast", .operands = {x}, .attributes = {{"to", {dice.OneOf({7.0, 7.0, 9.0, 1.0})}}}};
}

Node Whole(const std::string& op, Drawn* d) {
  Node node{.op = op, .operands = {d->Pick(0, 5, true)}};
  for (const std::string& name : d->names)
    if (op == "Cast" && d->At(name).truths && d->dice->Chance(60)) node.operands = {name};
  return node;
}

}  // namespace

std::span<const DrawnOp> MovingOps() {
  static constexpr DrawnOp kOps[] = {
      {1, Transpose}, {1, Concat},
      {1, Split},     {1, Slice},
      {2, Gather},    {1, Pad},
      {1, Reshape},   {3, [](Drawn* one) { return Axes(one->dice->OneOf(kAxes), one); }},
      {2, Cast},      {1, [](Drawn* one) { return Whole(one->dice->OneOf(kWholes), one); }},
  };
  return kOps;
}

}  // namespace tenter::fuzz::model
