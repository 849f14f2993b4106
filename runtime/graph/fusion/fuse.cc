#include "runtime/graph/fusion/fuse.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace tenter {
namespace {

// The library has a limit, far above what any network has.
constexpr size_t kMostOps = 8;

class Fuser {
 public:
  explicit Fuser(Graph& graph)
      : graph_(graph), readers_(graph.values.size(), 0), producer_(graph.values.size(), -1) {
    for (const Node& node : graph.nodes)
      for (const int input : node.inputs) AddReader(input);
    for (const int output : graph.outputs) AddReader(output);
  }

  void Run() {
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (const std::optional<size_t> carried = CarriedInput(graph_.nodes[i])) Absorb(i, *carried);
      for (const int output : graph_.nodes[i].outputs)
        producer_[static_cast<size_t>(output)] = static_cast<int>(i);
    }
    // Nodes with a new place have left one without outputs behind.
    std::erase_if(graph_.nodes, [](const Node& node) { return node.outputs.empty(); });
  }

 private:
  void AddReader(int value) {
    if (value >= 0) ++readers_[static_cast<size_t>(value)];
  }

  // The node that computes `value`, when it may have an epilogue and nobody else wants the value.
  int FusableProducer(int value) const {
    if (value < 0 || readers_[static_cast<size_t>(value)] != 1) return -1;
    const int producer = producer_[static_cast<size_t>(value)];
    if (producer < 0) return -1;
    const Node& node = graph_.nodes[static_cast<size_t>(producer)];
    const bool takes = node.epilogue.size() < kMostOps && TakesEpilogue(CallOf(graph_, node));
    return takes ? producer : -1;
  }

  // The input of `node` that an epilogue with it would carry.
  std::optional<size_t> CarriedInput(const Node& node) const {
    if (node.of_plan || node.outputs.size() != 1) return std::nullopt;
    std::optional<size_t> best;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (FusableProducer(node.inputs[i]) < 0) continue;
      OpCall call = CallOf(graph_, node);
      call.carried = i;
      const auto head = static_cast<size_t>(FusableProducer(node.inputs[i]));
      if (!CanFollow(CallOf(graph_, graph_.nodes[head]), call)) continue;
      if (!best || FusableProducer(node.inputs[i]) > FusableProducer(node.inputs[*best])) best = i;
    }
    return best;
  }

  // The node at `place` becomes the end of the epilogue of the one that computes its input.
  void Absorb(size_t place, size_t carried) {
    Node last = std::move(graph_.nodes[place]);
    const auto from = static_cast<size_t>(FusableProducer(last.inputs[carried]));
    Node node = std::exchange(graph_.nodes[from], {});
    last.carried = carried;
    for (size_t i = 0; i < last.inputs.size(); ++i)
      if (i != carried) node.inputs.push_back(last.inputs[i]);
    node.outputs = last.outputs;
    node.epilogue.push_back(std::move(last));
    graph_.nodes[place] = std::move(node);
  }

  Graph& graph_;
  std::vector<int> readers_;   // per value: how often it is read, as an output of the graph, too
  std::vector<int> producer_;  // per value: the place of the node that computes it, or -1
};

}  // namespace

Status Fuse(Graph& specialised) {
  Fuser(specialised).Run();
  return CheckGraph(specialised);
}

}  // namespace tenter
