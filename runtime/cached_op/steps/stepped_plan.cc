#include "runtime/cached_op/steps/stepped_plan.h"

#include <cstring>
#include <utility>

#include "runtime/base/rng.h"

namespace tenter {

Result<std::vector<Tensor>> DrawInputs(std::span<const TensorSpec> specs, uint64_t seed) {
  TENTER_ASSIGN_OR_RETURN(std::vector<Tensor> inputs, Tensor::AllocateAll(specs));
  Rng rng(seed);
  for (Tensor& input : inputs) {
    std::memset(input.mutable_raw(), 0, input.size_bytes());
    if (input.dtype() != DType::kFloat32) continue;
    for (int64_t i = 0; i < input.shape().NumElements(); ++i)
      input.mutable_data<float>()[i] = static_cast<float>(2 * rng.Unit() - 1);
  }
  return inputs;
}

Result<SteppedPlan> SteppedPlan::Make(std::shared_ptr<const Plan> plan,
                                      std::vector<Tensor> inputs) {
  SteppedPlan stepped;
  stepped.plan_ = std::move(plan);
  stepped.inputs_ = std::move(inputs);
  TENTER_ASSIGN_OR_RETURN(stepped.outputs_, Tensor::AllocateAll(stepped.plan().output_specs()));
  for (Tensor& output : stepped.outputs_) std::memset(output.mutable_raw(), 0, output.size_bytes());
  TENTER_ASSIGN_OR_RETURN(stepped.block_, HostBlock::Allocate(Fitting::BytesFor(*stepped.plan_)));
  TENTER_ASSIGN_OR_RETURN(stepped.fitting_,
                          Fitting::Make(stepped.plan_, stepped.block_->data(), {}));
  stepped.fitting_->Bind(stepped.inputs_, stepped.outputs_);
  stepped.team_ = std::make_unique<Team>(Inheritance::OfThisThread(), stepped.plan_->threads());
  stepped.team_->Staff();
  return stepped;
}

void SteppedPlan::Run(size_t number) {
  ArenaStep& step = fitting_->step(number);
  plan_->steps()[number].kernel->Run(
      step.inputs, step.outputs,
      {.scratch = fitting_->scratch(), .state = step.state.get(), .team = team_.get()});
}

}  // namespace tenter
