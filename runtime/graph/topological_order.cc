#include "runtime/graph/topological_order.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tenter {
namespace {

// Per node: the nodes that read what it writes, and how many of its inputs other nodes write.
struct Waits {
  std::vector<std::vector<size_t>> followers;
  std::vector<int> waits_for;
};

Waits WaitsOf(const Graph& graph) {
  const size_t count = graph.nodes.size();
  std::vector<int> producer(graph.values.size(), -1);
  for (size_t i = 0; i < count; ++i)
    for (const int output : graph.nodes[i].outputs)
      producer[static_cast<size_t>(output)] = static_cast<int>(i);
  Waits waits{std::vector<std::vector<size_t>>(count), std::vector<int>(count, 0)};
  for (size_t i = 0; i < count; ++i)
    for (const int input : graph.nodes[i].inputs) {
      const int from = input < 0 ? -1 : producer[static_cast<size_t>(input)];
      if (from < 0) continue;
      waits.followers[static_cast<size_t>(from)].push_back(i);
      ++waits.waits_for[i];
    }
  return waits;
}

}  // namespace

Status SortNodes(Graph& graph) {
  Waits waits = WaitsOf(graph);
  std::set<size_t> ready;
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (waits.waits_for[i] == 0) ready.insert(i);
  std::vector<Node> sorted;
  while (!ready.empty()) {
    const size_t i = *ready.begin();
    ready.erase(ready.begin());
    sorted.push_back(std::move(graph.nodes[i]));
    for (const size_t follower : waits.followers[i])
      if (--waits.waits_for[follower] == 0) ready.insert(follower);
  }
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (waits.waits_for[i] > 0)
      return {StatusCode::kInvalidArgument,
              "node '" + graph.nodes[i].name + "' is part of a cycle"};
  graph.nodes = std::move(sorted);
  return {};
}

}  // namespace tenter
