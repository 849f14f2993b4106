// Readers: who computes each value of a graph, and how often it is read.
//
// Path: the passes that put one node in the place of several -> Readers::Only.
//
// Thread safety: a plain value.
// Ownership and lifetime: refers to the nodes of the graph, which must stay where they are.
#pragma once

#include <string_view>
#include <vector>

#include "runtime/graph/graph.h"

namespace tenter {

class Readers {
 public:
  explicit Readers(Graph& graph)
      : count_(graph.values.size(), 0), producer_(graph.values.size(), nullptr) {
    for (Node& node : graph.nodes) {
      for (const int input : node.inputs)
        if (input >= 0) ++count_[static_cast<size_t>(input)];
      for (const int output : node.outputs) producer_[static_cast<size_t>(output)] = &node;
    }
    for (const int output : graph.outputs) ++count_[static_cast<size_t>(output)];
  }

  // The node of this op that computes `value`, when it is read once, and is no output of the graph.
  Node* Only(int value, std::string_view op_type) const {
    const size_t at = static_cast<size_t>(value);
    if (value < 0 || at >= count_.size() || count_[at] != 1) return nullptr;
    Node* const node = producer_[at];
    return node != nullptr && node->op_type == op_type ? node : nullptr;
  }

  // `node` computes `value` from now on.
  void SetProducer(int value, Node* node) { producer_[static_cast<size_t>(value)] = node; }

 private:
  std::vector<int> count_;       // per value: how often it is read, as an output of the graph, too
  std::vector<Node*> producer_;  // per value: the node that computes it
};

}  // namespace tenter
