// Oracle: what a graph answers, worked out node after node.
//
// Path: program -> Compute -> the judge compares.
//
// Thread safety: pure.
// Errors: of Compute, kInvalidArgument: the first node that does not fit, and why nothing can be
//   said of its graph.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "fuzz/model/graph/graph.h"

namespace tenter::fuzz::model {

// The inputs of the call with this seed, at this size; both make the numbers.
Arrays InputsOf(const Graph& graph, int64_t size, uint64_t seed);

using Values = std::map<std::string, Array>;
// The numbers of a constant, or the value of that name. REQUIRES: there is one.
Array OperandOf(const std::string& operand, const Values& values);

// The values of the whole graph, by name.
Result<Values> Compute(const Graph& graph, const Arrays& inputs);

// One node, when its operands are known. Nothing when it does not fit, or when a number might not
// be exact.
std::optional<Arrays> ComputeNode(const Node& node, const Values& values);

// The same at several sizes, of which each has its values so far.
std::vector<Values> ValuesOfInputs(const Graph& graph, const std::vector<int64_t>& sizes);
// Adds what the node makes. False, and nothing is added, when it does not fit at some size.
bool AddAtEverySize(const Node& node, std::vector<Values>* values);

// Of the outputs, in the order of the graph. REQUIRES: Compute answers for this size.
Arrays OutputsOf(const Graph& graph, int64_t size, uint64_t seed);

}  // namespace tenter::fuzz::model
