// DrawGraph: a random model that fits at every size.
//
// Each node is drawn and then worked out by the oracle: one that does not fit, or whose numbers
// might not be exact, is thrown away and another one drawn.
//
// Thread safety: pure.
#pragma once

#include <string>
#include <vector>

#include "fuzz/model/graph/graph.h"
#include "fuzz/model/oracle/oracle.h"
#include "fuzz/model/program/dice.h"

namespace tenter::fuzz::model {

// What has been drawn of a graph, and its values at each size.
struct Drawn {
  Graph graph;
  std::vector<int64_t> sizes;        // that calls may choose
  std::vector<Values> values;        // of each size
  std::vector<std::string> names;    // of the values, in the order in which they were drawn
  std::vector<std::string> shared;   // constants that may be used again
  std::vector<std::string> middles;  // values of chains that are outputs, too
  Dice* dice = nullptr;

  const Array& At(const std::string& name) const { return values.back().at(name); }
  // A value with such a rank; empty when there is none. One of the last is chosen more often.
  std::string Pick(int least_rank, int most_rank, bool integers = false);
  // Takes a new input, and returns its name.
  std::string Add(const Input& input);
  std::string NextInput() const { return "x" + std::to_string(graph.inputs.size()); }
  // A new input of the size that this value has in each call; empty when there is no such input.
  std::string InputLike(const std::string& value);
  // A constant of these dims; sometimes one that is there already.
  std::string Const(const Dims& dims, char kind = ' ');
  // Of what multiplies or is added to a product: rarely with numbers that are not finite.
  std::string Weights(const Dims& dims) { return Const(dims, dice->Chance(10) ? 'f' : ' '); }
  // One with this seed.
  std::string ConstOf(const Dims& dims, int64_t seed, char kind);
  // A value or a constant, at the last of the sizes.
  Array Known(const std::string& operand) const;
  // How long this axis is at least, whatever size is called.
  int64_t SizeAt(const std::string& operand, double axis) const;
};

Graph DrawGraph(const std::vector<int64_t>& sizes, int nodes, Dice* dice);

}  // namespace tenter::fuzz::model
