#include "runtime/cached_op/fitting.h"

#include <string>
#include <utility>

namespace tenter {
namespace {

// Of the vars of an arena: the last op of each request writes the first one.
constexpr size_t kEndVar = 0, kFirstVarOfPlan = 1;

}  // namespace

size_t Fitting::BytesFor(const Plan& plan) {
  return plan.arena_bytes() + (plan.scratch_of_workers() ? 0 : plan.scratch_bytes());
}

size_t Fitting::VarsFor(const Plan& plan) {
  return plan.runs_inline() ? 0 : kFirstVarOfPlan + plan.vars();
}

Result<std::unique_ptr<Fitting>> Fitting::Make(const std::shared_ptr<const Plan>& plan,
                                               std::byte* memory, std::span<const Var> vars) {
  std::unique_ptr<Fitting> fitting(new Fitting(plan));
  fitting->PlaceSlots(*plan, memory);
  fitting->AddOps(*plan, vars);
  fitting->steps_.reserve(plan->steps().size());
  for (const PlanStep& step : plan->steps()) TENTER_RETURN_IF_ERROR(fitting->AddStep(step));
  return fitting;
}

void Fitting::PlaceSlots(const Plan& plan, std::byte* memory) {
  slots_.reserve(plan.slot_bytes().size());
  for (const size_t bytes : plan.slot_bytes()) {
    slots_.push_back(memory);
    memory += bytes;
  }
  scratch_ = memory;
}

void Fitting::AddOps(const Plan& plan, std::span<const Var> vars) {
  for (const PlanOp& op : plan.ops()) {
    ArenaOp& mine = ops_.emplace_back();
    if (plan.runs_inline()) continue;
    for (const int var : op.reads) mine.reads.push_back(vars[kFirstVarOfPlan + var]);
    for (const int var : op.writes) mine.writes.push_back(vars[kFirstVarOfPlan + var]);
    if (&op == &plan.ops().back()) mine.writes.push_back(vars[kEndVar]);
  }
}

Status Fitting::AddStep(const PlanStep& step) {
  ArenaStep& mine = steps_.emplace_back();
  AddTensors(step.inputs, &mine.inputs);
  AddTensors(step.outputs, &mine.outputs);
  try {
    mine.state = step.kernel->MakeState();
  } catch (const StatusError& error) {
    const std::string who = step.nodes.empty() ? "node '" + step.name + "'" : NameOf(step.nodes[0]);
    return {error.status().code(), who + ": " + error.status().message()};
  }
  return {};
}

void Fitting::AddTensors(const std::vector<ValueRef>& refs, std::vector<Tensor>* tensors) {
  using Source = ValueRef::Source;
  tensors->resize(refs.size());
  for (size_t i = 0; i < refs.size(); ++i) {
    if (refs[i].source == Source::kInput || refs[i].source == Source::kOutput)
      bound_.push_back({&(*tensors)[i], &refs[i]});
    else
      (*tensors)[i] = Resolve(refs[i], {}, {});
  }
}

void Fitting::Bind(std::span<const Tensor> inputs, std::span<const Tensor> outputs) {
  for (ArenaStep& step : steps_) step.at_node.reset();
  for (const Bound& bound : bound_) *bound.tensor = Resolve(*bound.ref, inputs, outputs);
}

void Fitting::Unbind() noexcept {
  for (const Bound& bound : bound_) *bound.tensor = Tensor();
}

// Constants are borrowed, since the plan lives as long as the fitting is bound.
Tensor Fitting::Resolve(const ValueRef& ref, std::span<const Tensor> inputs,
                        std::span<const Tensor> outputs) const {
  switch (ref.source) {
    case ValueRef::Source::kAbsent:
      return {};
    case ValueRef::Source::kInput:
      return inputs[ref.index];
    case ValueRef::Source::kConstant:
      return Tensor::Borrow(ref.spec, const_cast<void*>(ref.constant.raw()));
    case ValueRef::Source::kSlot:
      return Tensor::Borrow(ref.spec, slots_[ref.index]);
    case ValueRef::Source::kOutput:
      return outputs[ref.index];
  }
  return {};
}

}  // namespace tenter
