#include "fuzz/model/oracle/refusals.h"

#include <algorithm>

#include "fuzz/model/oracle/ops.h"

namespace tenter::fuzz::model {
namespace {

bool HasWrongIndex(const Node& node, const Values& values) {
  if (node.op != "Gather") return false;
  const Array x = OperandOf(node.operands[0], values);
  const Array indices = OperandOf(node.operands[1], values);
  const auto size = static_cast<double>(x.dims[*AxisOf(node.Number("axis", 0), x.rank())]);
  return std::any_of(indices.numbers.begin(), indices.numbers.end(),
                     [size](double at) { return at < -size || at >= size; });
}

}  // namespace

std::set<std::string> NeededBy(const Graph& graph) {
  std::set<std::string> needed(graph.outputs.begin(), graph.outputs.end());
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    bool is_needed = false;
    for (size_t i = 0; i < OutputsOf(*node); ++i)
      is_needed |= needed.contains(OutputName(*node, i));
    if (is_needed && node->op != "Shape")
      needed.insert(node->operands.begin(), node->operands.end());
  }
  return needed;
}

Refusals RefusalsOf(const Graph& graph, const Values& values) {
  Refusals refusals;
  std::set<std::string> lost;  // what is never made
  const std::set<std::string> needed = NeededBy(graph);
  for (const Node& node : graph.nodes) {
    const bool reads_lost =
        node.op != "Shape" &&
        std::any_of(node.operands.begin(), node.operands.end(),
                    [&](const std::string& operand) { return lost.contains(operand); });
    if (reads_lost) {
      for (size_t i = 0; i < OutputsOf(node); ++i) lost.insert(OutputName(node, i));
    } else if (HasWrongIndex(node, values)) {
      refusals.possible.insert(node.name);
      // Who makes no numbers need not look at an index.
      if (values.at(node.name).numbers.empty()) continue;
      lost.insert(node.name);
      if (needed.contains(node.name)) refusals.sure.insert(node.name);
    }
  }
  return refusals;
}

}  // namespace tenter::fuzz::model
