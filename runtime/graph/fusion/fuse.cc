#include "runtime/graph/fusion/fuse.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace tenter {
namespace {

// The library has a limit, far above what any network has.
constexpr size_t kMostOps = 8;

class Fuser {
 public:
  Fuser(Graph& graph, Branches branches)
      : graph_(graph),
        branches_(branches),
        readers_(graph.values.size(), 0),
        producer_(graph.values.size(), -1) {
    for (const Node& node : graph.nodes)
      for (const int input : node.inputs) AddReader(input);
    for (const int output : graph.outputs) AddReader(output);
  }

  void Run() {
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (const std::optional<Carried> carried = Find(graph_.nodes[i])) Absorb(i, *carried);
      for (const int output : graph_.nodes[i].outputs)
        producer_[static_cast<size_t>(output)] = static_cast<int>(i);
    }
    // Nodes with a new place have left one without outputs behind.
    std::erase_if(graph_.nodes, [](const Node& node) { return node.outputs.empty(); });
  }

 private:
  // An input of a node that an epilogue would carry, and the place of the node that computes it.
  struct Carried {
    size_t input;
    int head;
  };

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

  // What an epilogue with `node` would carry.
  std::optional<Carried> Find(const Node& node) const {
    if (node.of_plan || node.outputs.size() != 1) return std::nullopt;
    std::optional<Carried> best;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const int head = FusableProducer(node.inputs[i]);
      if (head < 0 || (best && head <= best->head)) continue;
      if (branches_ == Branches::kKept && !OthersPrecede(node, i, head)) continue;
      OpCall call = CallOf(graph_, node);
      call.carried = i;
      if (CanFollow(CallOf(graph_, graph_.nodes[static_cast<size_t>(head)]), call))
        best = {i, head};
    }
    return best;
  }

  // Whether the inputs of `node` but for the carried one are there before `head` can begin.
  bool OthersPrecede(const Node& node, size_t carried, int head) const {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (i == carried || node.inputs[i] < 0) continue;
      const int producer = producer_[static_cast<size_t>(node.inputs[i])];
      if (producer >= 0 && !WaitsFor(head, producer)) return false;
    }
    return true;
  }

  // Whether the node at `place` can begin only when the one at `earlier` has ended.
  bool WaitsFor(int place, int earlier) const {
    std::set<int> seen = {place};
    for (std::vector<int> next = {place}; !next.empty();) {
      const Node& node = graph_.nodes[static_cast<size_t>(next.back())];
      next.pop_back();
      for (const int input : node.inputs) {
        const int producer = input < 0 ? -1 : producer_[static_cast<size_t>(input)];
        if (producer == earlier) return true;
        if (producer > earlier && seen.insert(producer).second) next.push_back(producer);
      }
    }
    return false;
  }

  // The node at `place` becomes the end of the epilogue of the one that computes its input.
  void Absorb(size_t place, const Carried& carried) {
    Node last = std::move(graph_.nodes[place]);
    Node node = std::exchange(graph_.nodes[static_cast<size_t>(carried.head)], {});
    last.carried = carried.input;
    for (size_t i = 0; i < last.inputs.size(); ++i)
      if (i != carried.input) node.inputs.push_back(last.inputs[i]);
    node.outputs = last.outputs;
    node.epilogue.push_back(std::move(last));
    graph_.nodes[place] = std::move(node);
  }

  Graph& graph_;
  const Branches branches_;
  std::vector<int> readers_;   // per value: how often it is read, as an output of the graph, too
  std::vector<int> producer_;  // per value: the place of the node that computes it, or -1
};

}  // namespace

Status Fuse(Graph& specialised, Branches branches) {
  Fuser(specialised, branches).Run();
  return CheckGraph(specialised);
}

}  // namespace tenter
