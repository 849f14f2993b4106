#include "runtime/cached_op/step_times.h"

#include "runtime/base/clock.h"
#include "runtime/base/rng.h"
#include "runtime/cached_op/fitting.h"

namespace tenter {
namespace {

Result<std::vector<Tensor>> TensorsOf(std::span<const TensorSpec> specs) {
  std::vector<Tensor> tensors;
  for (const TensorSpec& spec : specs) {
    TENTER_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(spec));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

void Draw(Tensor* tensor, Rng* rng) {
  if (tensor->dtype() != DType::kFloat32) return;
  for (int64_t i = 0; i < tensor->shape().NumElements(); ++i)
    tensor->mutable_data<float>()[i] = static_cast<float>(2 * rng->Unit() - 1);
}

// Step by step, and how long each one takes.
void RunRound(const Plan& plan, Fitting& fitting, std::vector<std::vector<int64_t>>* times) {
  for (size_t i = 0; i < plan.steps().size(); ++i) {
    ArenaStep& step = fitting.step(i);
    const int64_t start_ns = NowNs();
    plan.steps()[i].kernel->Run(step.inputs, step.outputs,
                                {.scratch = fitting.scratch(), .state = step.state.get()});
    (*times)[i].push_back(NowNs() - start_ns);
  }
}

}  // namespace

Result<std::vector<std::vector<int64_t>>> TimeSteps(const std::shared_ptr<const Plan>& plan,
                                                    int rounds, uint64_t seed) {
  TENTER_CHECK(rounds > 0 && plan->runs_inline(), "steps are timed one after another");
  TENTER_ASSIGN_OR_RETURN(std::vector<Tensor> inputs, TensorsOf(plan->signature()));
  TENTER_ASSIGN_OR_RETURN(const std::vector<Tensor> outputs, TensorsOf(plan->output_specs()));
  Rng rng(seed);
  for (Tensor& input : inputs) Draw(&input, &rng);
  TENTER_ASSIGN_OR_RETURN(const auto block, HostBlock::Allocate(Fitting::BytesFor(*plan)));
  TENTER_ASSIGN_OR_RETURN(const auto fitting, Fitting::Make(plan, block->data(), {}));
  fitting->Bind(inputs, outputs);
  std::vector<std::vector<int64_t>> times(plan->steps().size());
  try {
    for (int round = 0; round <= rounds; ++round) {
      RunRound(*plan, *fitting, &times);
      if (round == 0)
        for (std::vector<int64_t>& of_step : times) of_step.clear();
    }
  } catch (const StatusError& error) {
    return error.status();
  }
  return times;
}

}  // namespace tenter
