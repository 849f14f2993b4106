#include "runtime/cached_op/plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "runtime/graph/fusion/fuse.h"
#include "runtime/graph/fusion/hard_swish.h"
#include "runtime/graph/lay_out.h"
#include "runtime/graph/memory_plan.h"
#include "runtime/graph/specialise.h"

namespace tenter {
namespace {

int IndexOf(const std::vector<int>& values, int value) {
  const auto it = std::find(values.begin(), values.end(), value);
  return it == values.end() ? -1 : static_cast<int>(it - values.begin());
}

// The slots that a step touches through these references; one twice where two refer to it, which
// the engine allows (ENG-4).
std::vector<int> SlotsOf(const std::vector<ValueRef>& refs, const std::vector<int>& output_slots) {
  std::vector<int> slots;
  for (const ValueRef& ref : refs) {
    if (ref.source == ValueRef::Source::kSlot) slots.push_back(ref.index);
    if (ref.source == ValueRef::Source::kOutput) slots.push_back(output_slots[ref.index]);
  }
  return slots;
}

}  // namespace

std::string NameOf(const ModelNode& node) {
  return "node '" + node.name + "' (" + node.op_type + " of " + node.shapes + ")";
}

Result<std::shared_ptr<const Plan>> Plan::Compile(const Graph& graph,
                                                  std::span<const TensorSpec> signature,
                                                  KernelChoice kernels, int executors) {
  std::shared_ptr<Plan> plan(new Plan);
  plan->signature_.assign(signature.begin(), signature.end());
  TENTER_ASSIGN_OR_RETURN(plan->graph_, Specialise(graph, signature));
  if (kernels == KernelChoice::kOneDnn) {
    TENTER_RETURN_IF_ERROR(FoldHardSwish(plan->graph_));
    TENTER_RETURN_IF_ERROR(LayOut(plan->graph_));
    TENTER_RETURN_IF_ERROR(Fuse(plan->graph_));
  }
  TENTER_RETURN_IF_ERROR(plan->Build(graph, kernels, executors));
  return std::shared_ptr<const Plan>(std::move(plan));
}

Status Plan::Build(const Graph& graph, KernelChoice kernels, int executors) {
  TENTER_CHECK(graph.outputs.size() == graph_.outputs.size(), "specialising changed the outputs");
  MemoryPlan memory = PlanMemory(graph_);
  slot_of_value_ = std::move(memory.slot_of_value);
  slot_bytes_ = std::move(memory.slot_bytes);
  for (const int value : graph_.outputs) {
    const Value& output = graph_.values[value];
    output_specs_.push_back(output.constant ? output.constant->spec() : *output.spec);
    // The result is written straight into the caller's tensor; its slot only orders the steps.
    if (slot_of_value_[value] >= 0) slot_bytes_[slot_of_value_[value]] = 0;
  }
  for (const int value : graph_.outputs) outputs_.push_back(Refer(value));
  for (const Node& node : graph_.nodes) TENTER_RETURN_IF_ERROR(AddStep(node, kernels));
  return AllocateScratch(executors);
}

ValueRef Plan::Refer(int value) const {
  using Source = ValueRef::Source;
  if (value < 0) return {};
  const Value& v = graph_.values[value];
  if (v.constant) return {Source::kConstant, -1, v.constant->spec(), *v.constant};
  if (const int input = IndexOf(graph_.inputs, value); input >= 0)
    return {Source::kInput, input, *v.spec, {}};
  if (const int output = IndexOf(graph_.outputs, value); output >= 0)
    return {Source::kOutput, output, *v.spec, {}};
  return {Source::kSlot, slot_of_value_[value], *v.spec, {}};
}

Status Plan::AddStep(const Node& node, KernelChoice kernels) {
  PlanStep step{.name = node.name,
                .nodes = ModelNodesOf(node),
                .kernel = nullptr,
                .inputs = {},
                .outputs = {},
                .reads = {},
                .writes = {}};
  TENTER_ASSIGN_OR_RETURN(step.kernel,
                          MakeKernel(CallOf(graph_, node), OutputSpecsOf(graph_, node), kernels));
  for (const int value : node.inputs) step.inputs.push_back(Refer(value));
  for (const int value : node.outputs) step.outputs.push_back(Refer(value));
  std::vector<int> output_slots;
  for (const int value : graph_.outputs) output_slots.push_back(slot_of_value_[value]);
  step.reads = SlotsOf(step.inputs, output_slots);
  step.writes = SlotsOf(step.outputs, output_slots);
  steps_.push_back(std::move(step));
  return {};
}

Status Plan::AllocateScratch(int executors) {
  size_t bytes = 0;
  for (const PlanStep& step : steps_) bytes = std::max(bytes, step.kernel->scratch_bytes());
  for (int i = 0; i < executors; ++i) {
    TENTER_ASSIGN_OR_RETURN(std::shared_ptr<HostBlock> block, HostBlock::Allocate(bytes));
    scratch_.push_back(std::move(block));
  }
  return {};
}

size_t Plan::arena_bytes() const {
  return std::accumulate(slot_bytes_.begin(), slot_bytes_.end(), size_t{0});
}

size_t Plan::scratch_bytes() const {
  size_t bytes = 0;
  for (const auto& block : scratch_) bytes += block->size_bytes();
  return bytes;
}

}  // namespace tenter
