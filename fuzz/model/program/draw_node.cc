#include "fuzz/model/program/draw_node.h"

#include <algorithm>

namespace tenter::fuzz::model {

double DrawAxis(int rank, Dice* dice) {
  const int axis = dice->From(0, std::max(0, rank - 1));
  return dice->Chance(40) ? axis - rank : axis;
}

Node DrawNode(Drawn* drawn) {
  const auto all = {ComputingOps(), MovingOps()};
  int weights = 0;
  for (const auto ops : all)
    for (const DrawnOp& op : ops) weights += op.weight;
  int left = drawn->dice->From(0, weights - 1);
  for (const auto ops : all)
    for (const DrawnOp& op : ops)
      if ((left -= op.weight) < 0) return op.draw(drawn);
  return {};
}

}  // namespace tenter::fuzz::model
