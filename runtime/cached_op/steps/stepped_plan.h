// SteppedPlan: a plan that is run step by step, on this thread and the team that the plan wants,
// for those who look at its steps.
//
// Path: tenter-plan --rounds, --together -> TimeSteps, CompareBits -> SteppedPlan; requests never
// come here.
//
// Thread safety: one thread.
// Ownership and lifetime: shares the plan, owns the memory of its values.
// Invariants: a step runs on what the steps before it made, as in a request.
// Errors: Make returns kResourceExhausted; Run throws what a kernel throws.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "runtime/cached_op/fitting.h"
#include "runtime/device/team.h"

namespace tenter {

class SteppedPlan {
 public:
  // REQUIRES: the plan runs its steps one after another; `inputs` fit it.
  static Result<SteppedPlan> Make(std::shared_ptr<const Plan> plan, std::vector<Tensor> inputs);

  void Run(size_t step);
  // What the step has made; it may be overwritten by those behind it.
  std::span<const Tensor> made(size_t step) { return fitting_->step(step).outputs; }
  // Of the plan, when its steps have run; one that no step makes is zero.
  std::span<const Tensor> results() const { return outputs_; }
  const Plan& plan() const { return *plan_; }

 private:
  SteppedPlan() = default;

  std::shared_ptr<const Plan> plan_;
  std::vector<Tensor> inputs_, outputs_;
  std::shared_ptr<HostBlock> block_;
  std::unique_ptr<Fitting> fitting_;
  std::unique_ptr<Team> team_;
};

// Numbers from -1 to 1 in tensors of floats, else zeros, which are valid indices.
Result<std::vector<Tensor>> DrawInputs(std::span<const TensorSpec> specs, uint64_t seed);

}  // namespace tenter
