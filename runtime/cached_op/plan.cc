#include "runtime/cached_op/plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "runtime/graph/fusion/passes.h"
#include "runtime/graph/memory_plan.h"
#include "runtime/graph/parameters.h"
#include "runtime/graph/rows/rows_apart.h"
#include "runtime/graph/specialise.h"

namespace tenter {
namespace {

int IndexOf(const std::vector<int>& values, int value) {
  const auto it = std::find(values.begin(), values.end(), value);
  return it == values.end() ? -1 : static_cast<int>(it - values.begin());
}

// Whether two requests may run as one.
Status RowsApart(const Graph& graph, const Graph& one, std::span<const TensorSpec> signature) {
  TENTER_ASSIGN_OR_RETURN(const std::vector<TensorSpec> twice, TimesRows(signature, 2));
  const Result<Graph> two = Specialise(graph, twice);
  if (!two.ok()) return {StatusCode::kUnsupported, two.status().message()};
  return CheckRowsApart(one, *two, 2);
}

// Whether so many may of which `many` was specialised.
Status RowsStayApart(const Graph& graph, const Graph& many, std::span<const TensorSpec> signature,
                     size_t requests) {
  std::vector<TensorSpec> one;
  for (const TensorSpec& spec : signature) {
    std::vector<int64_t> dims = spec.shape.dims();
    dims[0] /= static_cast<int64_t>(requests);
    one.push_back({spec.dtype, Shape(std::move(dims))});
  }
  TENTER_ASSIGN_OR_RETURN(const Graph alone, Specialise(graph, one));
  return CheckRowsApart(alone, many, requests);
}

}  // namespace

std::string NameOf(const ModelNode& node) {
  return "node '" + node.name + "' (" + node.op_type + " of " + node.shapes + ")";
}

Result<std::shared_ptr<const Plan>> Plan::Compile(const Graph& graph,
                                                  std::span<const TensorSpec> signature,
                                                  const PlanOptions& options) {
  TENTER_CHECK(options.workers > 0, "a plan runs on at least one thread");
  std::shared_ptr<Plan> plan(new Plan(options));
  plan->signature_.assign(signature.begin(), signature.end());
  TENTER_ASSIGN_OR_RETURN(plan->graph_, Specialise(graph, signature));
  if (options.requests > 1)
    TENTER_RETURN_IF_ERROR(RowsStayApart(graph, plan->graph_, signature, options.requests));
  if (options.batches) plan->rows_apart_ = RowsApart(graph, plan->graph_, signature);
  if (options.kernels == KernelChoice::kOneDnn) {
    const bool beside = options.way == Way::kDataflow;
    TENTER_RETURN_IF_ERROR(RunPasses(plan->graph_, beside ? Branches::kKept : Branches::kJoined));
  }
  TENTER_RETURN_IF_ERROR(plan->Build(graph));
  return std::shared_ptr<const Plan>(std::move(plan));
}

Status Plan::Build(const Graph& graph) {
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
  for (const Node& node : graph_.nodes) TENTER_RETURN_IF_ERROR(AddStep(node));
  for (const Value& value : graph_.values)
    if (value.constant && !graph_.parameters->Contains(value.constant->raw()))
      constant_bytes_ += value.constant->size_bytes();
  ops_ = Group();
  return AllocateScratch();
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

Status Plan::AddStep(const Node& node) {
  PlanStep step{.name = node.name,
                .nodes = ModelNodesOf(node),
                .kernel = nullptr,
                .inputs = {},
                .outputs = {}};
  OpCall call = CallOf(graph_, node);
  call.winograd = options_.winograd;
  call.cut = options_.cut;
  TENTER_ASSIGN_OR_RETURN(step.kernel,
                          MakeKernel(call, OutputSpecsOf(graph_, node), options_.kernels));
  TENTER_RETURN_IF_ERROR(PinWhatIsRead(graph_, node, *step.kernel, &pins_));
  for (const int value : node.inputs) step.inputs.push_back(Refer(value));
  for (const int value : node.outputs) step.outputs.push_back(Refer(value));
  scratch_bytes_ = std::max(scratch_bytes_, AlignUp(step.kernel->scratch_bytes()));
  steps_.push_back(std::move(step));
  return {};
}

PlanOps Plan::Group() const {
  const auto slots_of = [this](const std::vector<int>& values) {
    std::vector<int> slots;
    for (const int value : values)
      if (value >= 0 && slot_of_value_[value] >= 0) slots.push_back(slot_of_value_[value]);
    return slots;
  };
  StepOrder order{{}, {}, slots_of(graph_.outputs), slot_bytes_.size()};
  for (const Node& node : graph_.nodes) {
    order.steps.push_back({slots_of(node.inputs), slots_of(node.outputs)});
    order.names.push_back(node.name);
  }
  return GroupSteps(order, options_.way);
}

Status Plan::AllocateScratch() {
  const int blocks = scratch_of_workers() ? options_.workers : 0;
  for (int i = 0; i < blocks; ++i) {
    TENTER_ASSIGN_OR_RETURN(std::shared_ptr<HostBlock> block, HostBlock::Allocate(scratch_bytes_));
    scratch_.push_back(std::move(block));
  }
  return {};
}

size_t Plan::arena_bytes() const {
  return std::accumulate(slot_bytes_.begin(), slot_bytes_.end(), size_t{0});
}

}  // namespace tenter
