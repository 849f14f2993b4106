#include "runtime/ops/own/row_product.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/base/rng.h"
#include "runtime/ops/testing.h"

namespace tenter {
namespace {

// Rows and columns of all lengths around those of vectors, against sums in double.
TEST(RowProduct, IsTheSumOfProducts) {
  const auto seed = static_cast<uint64_t>(GTEST_FLAG_GET(random_seed));
  SCOPED_TRACE("--gtest_random_seed=" + std::to_string(seed));
  Rng rng(seed);
  for (int round = 0; round < 300; ++round) {
    const auto depth = static_cast<int64_t>(1 + rng.Below(150));
    const auto outputs = static_cast<int64_t>(1 + rng.Below(50));
    const bool gemm = rng.Chance(70), turned = gemm && rng.Chance(60),
               biased = gemm && rng.Chance(60);
    std::vector<Tensor> inputs = {
        RandomFloats({1, depth}, rng),
        RandomFloats(turned ? Shape{outputs, depth} : Shape{depth, outputs}, rng)};
    if (biased)
      inputs.push_back(RandomFloats(rng.Chance(50) ? Shape{outputs} : Shape{1, outputs}, rng));
    const Attributes attributes = gemm ? With({{"transB", int64_t{turned}}}) : Attributes();
    const auto run =
        RunOp(gemm ? "Gemm" : "MatMul", attributes, inputs, 13, 1, KernelChoice::kOneDnn);
    ASSERT_TRUE(run.ok()) << run.status().message();
    ASSERT_EQ(run->implementation, "one row");
    for (int64_t n = 0; n < outputs; ++n) {
      double sum = biased ? inputs[2].data<float>()[n] : 0.0;
      for (int64_t k = 0; k < depth; ++k)
        sum += double{inputs[0].data<float>()[k]} *
               inputs[1].data<float>()[turned ? n * depth + k : k * outputs + n];
      ASSERT_NEAR(run->outputs[0].data<float>()[n], sum, 1e-5)
          << "round " << round << " depth " << depth << " output " << n << " of " << outputs
          << (turned ? " turned" : "");
    }
  }
}

TEST(RowProduct, LeavesOtherCallsToTheLibrary) {
  const std::vector<Tensor> inputs = {Floats({2, 3}, std::vector<float>(6, 1.0f)),
                                      Floats({3, 2}, std::vector<float>(6, 2.0f))};
  const auto rows = RunOp("Gemm", {}, inputs, 13, 1, KernelChoice::kOneDnn);
  EXPECT_NE(rows->implementation, "one row");
  const std::vector<Tensor> row = {Floats({1, 3}, {1, 2, 3}), inputs[1]};
  const auto scaled = RunOp("Gemm", With({{"alpha", 2.0f}}), row, 13, 1, KernelChoice::kOneDnn);
  EXPECT_NE(scaled->implementation, "one row");
  EXPECT_EQ(scaled->outputs[0].data<float>()[1], 24.0f);
}

TEST(RowProduct, KeepsWhatIsNotFinite) {
  std::vector<float> values(40, 1.0f);
  values[37] = std::nanf("");
  const std::vector<Tensor> inputs = {Floats({1, 40}, values),
                                      Floats({40, 3}, std::vector<float>(120, 1.0f))};
  const auto run = RunOp("MatMul", {}, inputs, 13, 1, KernelChoice::kOneDnn);
  for (int n = 0; n < 3; ++n) EXPECT_TRUE(std::isnan(run->outputs[0].data<float>()[n])) << n;
}

}  // namespace
}  // namespace tenter
