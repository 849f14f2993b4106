#include "runtime/graph/memory_plan.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace tenter {
namespace {

constexpr int kNoSlot = -1;

class Planner {
 public:
  explicit Planner(const Graph& graph)
      : graph_(graph),
        last_reader_(graph.values.size(), -1),
        is_output_(graph.values.size(), false) {
    plan_.slot_of_value.assign(graph.values.size(), kNoSlot);
    for (size_t i = 0; i < graph.nodes.size(); ++i)
      for (const int input : graph.nodes[i].inputs)
        if (input >= 0) last_reader_[static_cast<size_t>(input)] = static_cast<int>(i);
    for (const int output : graph.outputs) is_output_[static_cast<size_t>(output)] = true;
  }

  MemoryPlan Run() {
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      for (const int output : node.outputs) Place(static_cast<size_t>(output));
      // After the outputs have their places: the node still reads its inputs while it writes.
      for (const int value : node.inputs) Release(value, static_cast<int>(i));
      for (const int value : node.outputs) Release(value, static_cast<int>(i));
    }
    return std::move(plan_);
  }

 private:
  void Place(size_t value) {
    const auto& spec = graph_.values[value].spec;
    TENTER_CHECK(spec.has_value(), "value '" + graph_.values[value].name + "' has no spec");
    const size_t bytes = AlignUp(std::max<size_t>(spec->size_bytes(), 1));
    const size_t slot = is_output_[value] ? NewSlot() : PickSlot(bytes);
    plan_.slot_bytes[slot] = std::max(plan_.slot_bytes[slot], bytes);
    plan_.slot_of_value[value] = static_cast<int>(slot);
  }

  size_t NewSlot() {
    plan_.slot_bytes.push_back(0);
    return plan_.slot_bytes.size() - 1;
  }

  // The free slot that fits best; else the largest, which then grows; else a new one.
  // Of two equals the one that has been free for longer, so that the plan depends on the graph
  // alone.
  size_t PickSlot(size_t bytes) {
    if (free_.empty()) return NewSlot();
    const auto better = [&](size_t a, size_t b) {
      const size_t size_a = plan_.slot_bytes[a], size_b = plan_.slot_bytes[b];
      if ((size_a >= bytes) != (size_b >= bytes)) return size_a >= bytes;
      return size_a >= bytes ? size_a < size_b : size_a > size_b;
    };
    const auto best = std::min_element(free_.begin(), free_.end(), better);
    const size_t slot = *best;
    free_.erase(best);
    return slot;
  }

  // Frees the slot of `value` when `node` is the last that touches it.
  void Release(int value, int node) {
    if (value < 0) return;
    const auto at = static_cast<size_t>(value);
    const int slot = plan_.slot_of_value[at];
    if (slot == kNoSlot || is_output_[at] || last_reader_[at] > node) return;
    const auto freed = static_cast<size_t>(slot);
    // A node that reads a value twice comes here twice.
    if (std::find(free_.begin(), free_.end(), freed) == free_.end()) free_.push_back(freed);
  }

  const Graph& graph_;
  std::vector<int> last_reader_;
  std::vector<bool> is_output_;
  std::vector<size_t> free_;
  MemoryPlan plan_;
};

}  // namespace

MemoryPlan PlanMemory(const Graph& specialised) { return Planner(specialised).Run(); }

}  // namespace tenter
