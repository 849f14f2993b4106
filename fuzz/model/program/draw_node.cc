#include "fuzz/model/program/draw_node.h"

#include <algorithm>

namespace tenter::fuzz::model {

double DrawAxis(int rank, Dice* dice) {
  const int axis = dice->From(0, std::max(0, rank - 1));
  return dice->Chance(40) ? axis - rank : axis;
}

Numbers DrawAxes(Numbers axes, int rank, int most, Dice* dice) {
  dice->Shuffle(&axes);
  const int count = dice->From(1, std::max(1, most));
  axes.resize(std::min(axes.size(), static_cast<size_t>(count)));
  for (double& axis : axes)
    if (dice->Chance(40)) axis -= rank;
  return axes;
}

Numbers AllAxes(int rank) {
  Numbers axes;
  for (int i = 0; i < rank; ++i) axes.push_back(i);
  return axes;
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
