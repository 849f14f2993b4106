// DrawWrong: what makes a model one that must be refused.
//
// Thread safety: pure, but for the dice.
#pragma once

#include <optional>
#include <vector>

#include "fuzz/model/graph/graph.h"
#include "fuzz/model/program/dice.h"

namespace tenter::fuzz::model {

// Of a node that the outputs need, and forbidden at each of these sizes. Nothing when the few that
// were tried are not.
std::optional<Wrong> DrawWrong(const Graph& graph, const std::vector<int64_t>& sizes, Dice* dice);

}  // namespace tenter::fuzz::model
