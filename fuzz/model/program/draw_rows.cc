#include "fuzz/model/program/draw_rows.h"

#include <string>

namespace tenter::fuzz::model {

namespace {

// Of as many numbers as a quotient is exact by.
Node DrawLongMean(Drawn* d) {
  Dice& dice = *d->dice;
  const int64_t count = dice.OneOf<int64_t>({16, 32, 32, 64});
  const std::string rows =
      d->Add({.name = d->NextInput(), .dims = {dice.From(1, 3), count}, .nonfinite = true});
  return {.op = "ReduceMean", .operands = {rows}, .attributes = {{"axes", {-1}}}};
}

}  // namespace

Node DrawLongRow(Drawn* d) {
  Dice& dice = *d->dice;
  if (dice.Chance(20)) return DrawLongMean(d);
  const int64_t depth = dice.From(9, 64), width = dice.From(1, 21);
  const int64_t rows = dice.OneOf<int64_t>({1, 1, 2, kAnySize, kAnySize});
  const char kind = dice.Chance(40) ? 'f' : ' ';
  const std::string row = d->Add({.name = d->NextInput(), .dims = {rows, depth}});
  if (dice.Chance(35)) return {.op = "MatMul", .operands = {row, d->Const({depth, width}, kind)}};
  const bool turned = dice.Chance(60);
  Node node{.op = "Gemm",
            .operands = {row, d->Const(turned ? Dims{width, depth} : Dims{depth, width}, kind)}};
  if (turned) node.attributes.push_back({"transB", {1}});
  if (dice.Chance(70))
    node.operands.push_back(d->Const(dice.Chance(50) ? Dims{width} : Dims{1, width}));
  return node;
}

}  // namespace tenter::fuzz::model
