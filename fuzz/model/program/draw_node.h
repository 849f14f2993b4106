// DrawNode: one node of some op: operands that are there, and attributes at their edges.
//
// What does not fit is thrown away by the caller, so that nothing here needs to know every rule.
//
// Thread safety: pure, but for the dice.
#pragma once

#include <span>

#include "fuzz/model/program/draw_graph.h"

namespace tenter::fuzz::model {

using Numbers = std::vector<double>;

struct DrawnOp {
  int weight;  // how often it is drawn
  Node (*draw)(Drawn*);
};
std::span<const DrawnOp> ComputingOps();
std::span<const DrawnOp> MovingOps();

// A node without its name, which may not fit.
Node DrawNode(Drawn* drawn);

// A pooling of `x`, which has one or two axes behind the channels.
Node DrawPool(const std::string& op, const std::string& x, Drawn* drawn);

// An axis of an array of this rank, counted from either end.
double DrawAxis(int rank, Dice* dice);
// Some of these axes, in any order, each counted from either end.
Numbers DrawAxes(Numbers axes, int rank, int most, Dice* dice);
// All of an array of this rank.
Numbers AllAxes(int rank);

}  // namespace tenter::fuzz::model
