#include "runtime/cached_op/steps/step_times.h"

#include <gtest/gtest.h>

#include "runtime/cached_op/test_model.h"

namespace tenter {
namespace {

TEST(StepTimes, HasEveryRoundOfEveryStep) {
  const std::vector<TensorSpec> signature = {{DType::kFloat32, Shape({64, 8})}};
  for (const KernelChoice kernels : {KernelChoice::kOneDnn, KernelChoice::kReference}) {
    const auto plan =
        Plan::Compile(*BranchModel(), signature, {.kernels = kernels, .way = Way::kInline}).value();
    const auto times = TimeSteps(plan, 3, 1).value();
    ASSERT_EQ(times.size(), plan->steps().size());
    for (const std::vector<int64_t>& of_step : times) {
      ASSERT_EQ(of_step.size(), 3u);
      for (const int64_t ns : of_step) EXPECT_GT(ns, 0);
    }
  }
}

}  // namespace
}  // namespace tenter
