#include "fuzz/model/program/draw_tiles.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tenter::fuzz::model {
namespace {

// Rows and columns of tiles, of four numbers each way: 25 to 30 of them in all, or twice as many of
// half the outputs, which are more than a kernel takes at once.
struct Tiles {
  int batch, rows, columns;
  int64_t outputs = 64;
};

Input DrawImage(const Tiles& tiles, const Dims& pads, std::string name, Dice* dice) {
  // The last tile of a line is cut more often than not.
  const auto extent = [&](int count, int64_t pad) {
    return std::max<int64_t>(1, count * 4 - dice->OneOf({0, 1, 2, 3}) + 2 - pad);
  };
  return {.name = std::move(name),
          .dims = {tiles.batch, 64, extent(tiles.rows, pads[0] + pads[2]),
                   extent(tiles.columns, pads[1] + pads[3])},
          .nonfinite = dice->Chance(15)};
}

}  // namespace

bool HasTiles(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return node.op == "Conv" && (node.operands[1].starts_with("{64,64,3,3:") ||
                                 node.operands[1].starts_with("{32,64,3,3:"));
  });
}

Node DrawTiles(Drawn* d) {
  Dice& dice = *d->dice;
  const auto tiles = dice.OneOf<Tiles>({{1, 5, 5},
                                        {1, 2, 13},
                                        {1, 9, 3},
                                        {2, 1, 13},
                                        {2, 7, 2},
                                        {3, 3, 3},
                                        {1, 10, 5, 32},
                                        {2, 2, 13, 32},
                                        {3, 3, 6, 32}});
  Dims pads(4, 1);
  if (dice.Chance(50))
    for (int64_t& pad : pads) pad = dice.OneOf({0, 1, 2});
  const std::string image = d->Add(DrawImage(tiles, pads, d->NextInput(), &dice));
  Node node{.op = "Conv", .operands = {image, d->Const({tiles.outputs, 64, 3, 3})}};
  if (dice.Chance(60)) node.operands.push_back(d->Const({tiles.outputs}));
  node.attributes = {{"pads", {pads.begin(), pads.end()}}};
  return node;
}

}  // namespace tenter::fuzz::model
