#include "fuzz/model/program/draw_depthwise.h"

#include <string>
#include <vector>

namespace tenter::fuzz::model {

Node DrawDepthwise(Drawn* d) {
  Dice& dice = *d->dice;
  const int64_t channels = dice.OneOf<int64_t>({32, 33, 40, 48, 63});
  const int64_t down = dice.OneOf<int64_t>({1, 3, 3, 5}), across = dice.OneOf<int64_t>({3, 3, 5});
  const std::string image = d->Add({.name = d->NextInput(),
                                    .dims = {dice.OneOf<int64_t>({1, 1, 2, kAnySize}), channels,
                                             down + dice.From(0, 3), across + dice.From(0, 14)},
                                    .nonfinite = dice.Chance(30)});
  Node node{.op = "Conv", .operands = {image, d->Const({channels, 1, down, across})}};
  if (dice.Chance(50)) node.operands.push_back(d->Const({channels}));
  const auto pad = [&dice](int64_t taps) {
    return static_cast<double>(dice.From(0, static_cast<int>(taps) - 1));
  };
  node.attributes = {{"pads", {pad(down), pad(across), pad(down), pad(across)}},
                     {"strides", {dice.OneOf({1.0, 1.0, 2.0}), dice.OneOf({1.0, 1.0, 2.0})}},
                     {"group", {static_cast<double>(channels)}}};
  return node;
}

Node DrawBound(const std::string& value, Drawn* d) {
  Dice& dice = *d->dice;
  if (dice.Chance(50)) return {.op = "Relu", .operands = {value}};
  return {.op = "Clip",
          .operands = {value},
          .attributes = {{"min", {static_cast<double>(dice.From(-20, 0))}},
                         {"max", {static_cast<double>(dice.From(1, 30))}}}};
}

}  // namespace tenter::fuzz::model
