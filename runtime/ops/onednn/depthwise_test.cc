// Depthwise against a loop, of whole numbers, whose sums are exact. A failure prints its seed;
// --gtest_random_seed=SEED runs that one first.
#include "runtime/ops/onednn/depthwise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/base/rng.h"
#include "runtime/ops/own/depthwise_line.h"
#include "runtime/ops/testing.h"

namespace tenter {
namespace {

using Dims = std::vector<int64_t>;

int64_t Between(Rng& rng, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(rng.Below(static_cast<uint64_t>(high - low + 1)));
}

// Whole numbers, and now and then one of `rare`.
Tensor Numbers(const Shape& shape, Rng& rng, const std::vector<float>& rare = {}) {
  Tensor tensor = RandomFloats(shape, rng, -4.0f, 4.0f);
  for (int64_t i = 0; i < shape.NumElements(); ++i) {
    float& value = tensor.mutable_data<float>()[i];
    value = std::floor(value);
    if (!rare.empty() && rng.Below(200) == 0) value = rare[rng.Below(rare.size())];
  }
  return tensor;
}

// OpCall borrows what is here.
struct Case {
  Attributes attributes;
  Tensor image, weights, bias;  // no bias: undefined
  bool relu = true;
  int64_t stride_down = 1, stride = 1, top = 0, left = 0, height = 0, width = 0;  // of the output
  Tensor low = Scalar(-9.0f), high = Scalar(12.0f);
  const Attributes none = {};

  TensorSpec output() const {
    return {DType::kFloat32, {image.shape().dim(0), height, width, weights.shape().dim(0)}};
  }
  OpCall Call() const {
    OpCall call{"c",
                "Conv",
                attributes,
                13,
                {image.spec(), weights.spec(), bias.spec()},
                {nullptr, &weights, nullptr},
                {true, true, bias.defined()}};
    call.layout = Layout::kChannelsLast;
    OpCall end{"e", relu ? "Relu" : "Clip", none, 13, {output()}, {nullptr}, {true}};
    if (!relu)
      for (const Tensor* bound : {&low, &high}) {
        end.inputs.push_back(bound->spec());
        end.constants.push_back(bound);
        end.present.push_back(true);
      }
    call.epilogue.push_back(end);
    return call;
  }
  std::vector<Tensor> Inputs() const {
    std::vector<Tensor> inputs = {image, weights, bias};
    if (!relu) inputs.push_back(low), inputs.push_back(high);
    return inputs;
  }
  // A number of the output, of the sum as ONNX has it.
  float At(int64_t n, int64_t y, int64_t x, int64_t c) const {
    const Shape &in = image.shape(), &w = weights.shape();
    const int64_t channels = in.dim(3);
    double sum = bias.defined() ? bias.data<float>()[c] : 0.0;
    for (int64_t i = 0; i < w.dim(2); ++i)
      for (int64_t j = 0; j < w.dim(3); ++j) {
        const int64_t row = y * stride_down - top + i, column = x * stride - left + j;
        if (row < 0 || row >= in.dim(1) || column < 0 || column >= in.dim(2)) continue;
        sum += static_cast<double>(weights.data<float>()[(c * w.dim(2) + i) * w.dim(3) + j]) *
               image.data<float>()[((n * in.dim(1) + row) * in.dim(2) + column) * channels + c];
      }
    if (std::isnan(sum)) return static_cast<float>(sum);
    const double bounded = relu ? std::max(sum, 0.0) : std::clamp(sum, -9.0, 12.0);
    return static_cast<float>(bounded);
  }
};

Case Draw(Rng& rng, const std::vector<float>& rare) {
  Case drawn;
  const int64_t channels = Between(rng, 32, 70), across = rng.Below(2) == 0 ? 3 : 5;
  const int64_t down = Between(rng, 1, 5), bottom = Between(rng, 0, down - 1);
  const int64_t right = Between(rng, 0, across - 1);
  drawn.stride_down = Between(rng, 1, 3);
  drawn.stride = Between(rng, 1, 2);
  drawn.top = Between(rng, 0, down - 1);
  drawn.left = Between(rng, 0, across - 1);
  const int64_t height = down + Between(rng, 0, 6), width = across + Between(rng, 0, 30);
  drawn.height = (height + drawn.top + bottom - down) / drawn.stride_down + 1;
  drawn.width = (width + drawn.left + right - across) / drawn.stride + 1;
  drawn.attributes = With({{"group", channels},
                           {"strides", Dims{drawn.stride_down, drawn.stride}},
                           {"pads", Dims{drawn.top, drawn.left, bottom, right}}});
  drawn.image = Numbers({Between(rng, 1, 2), height, width, channels}, rng, rare);
  drawn.weights = Numbers({channels, 1, down, across}, rng);
  if (rng.Below(2) == 0) drawn.bias = Numbers({channels}, rng);
  drawn.relu = rng.Below(2) == 0;
  return drawn;
}

void ExpectRight(const Case& c) {
  const TensorSpec output = c.output();
  const auto kernel = MakeKernel(c.Call(), {&output, 1}, KernelChoice::kOneDnn).value();
  ASSERT_EQ(kernel->implementation(), "line by line");
  EXPECT_FALSE(kernel->Reads(1));
  Tensor out = Tensor::Allocate(output).value();
  kernel->Run(c.Inputs(), {&out, 1}, {});
  const float* found = out.data<float>();
  for (int64_t n = 0; n < output.shape.dim(0); ++n)
    for (int64_t y = 0; y < c.height; ++y)
      for (int64_t x = 0; x < c.width; ++x)
        for (int64_t k = 0; k < output.shape.dim(3); ++k, ++found) {
          const float expected = c.At(n, y, x, k);
          ASSERT_TRUE(*found == expected || (std::isnan(*found) && std::isnan(expected)))
              << *found << " is not " << expected << " at " << n << "," << y << "," << x << ","
              << k;
        }
}

uint64_t FirstSeed() { return static_cast<uint64_t>(testing::GTEST_FLAG(random_seed)); }

TEST(Depthwise, AnswersTheSum) {
  for (uint64_t seed = FirstSeed(); seed < FirstSeed() + 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    ExpectRight(Draw(rng, {}));
    if (HasFatalFailure()) return;
  }
}

// It does not look at what it reads: each number is as the sum has it.
TEST(Depthwise, KeepsWhatIsNotFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> rare = {std::numeric_limits<float>::quiet_NaN(), kInfinity, -kInfinity};
  for (uint64_t seed = FirstSeed(); seed < FirstSeed() + 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    ExpectRight(Draw(rng, rare));
    if (HasFatalFailure()) return;
  }
}

// All functions for this machine answer the same whole numbers.
TEST(Depthwise, EachMachineAnswersTheSame) {
  Rng rng(FirstSeed());
  constexpr int64_t kChannels = 39, kWidth = 23;
  const Tensor image = Numbers({3, kWidth, kChannels}, rng);
  const Tensor weights = Numbers({3, 5, kChannels}, rng), bias = Numbers({kChannels}, rng);
  for (const int64_t taps : {3, 5})
    for (const int64_t stride : {1, 2}) {
      const int64_t outputs = (kWidth + 2 - taps) / stride + 1;
      std::vector<float> first;
      for (const ComputeDepthwiseLine compute : DepthwiseLinesOfThisMachine()) {
        Tensor out = Tensor::Allocate({DType::kFloat32, {outputs, kChannels}}).value();
        compute({.in = image.data<float>(),
                 .in_line = kWidth * kChannels,
                 .taps_down = 3,
                 .weights = weights.data<float>(),
                 .bias = bias.data<float>(),
                 .out = out.mutable_data<float>(),
                 .channels = kChannels,
                 .width = kWidth,
                 .outputs = outputs,
                 .taps = taps,
                 .stride = stride,
                 .pad = 1,
                 .low = -20.0f,
                 .high = 30.0f});
        const auto found = Elements<float>(out);
        if (first.empty()) first = found;
        EXPECT_EQ(found, first) << taps << " taps, stride " << stride;
      }
    }
}

// What the library does as fast, or as it should be: nothing behind it, few channels, gaps between
// the taps.
TEST(Depthwise, LeavesOthersToTheLibrary) {
  Rng rng(1);
  Case drawn = Draw(rng, {});
  EXPECT_TRUE(TakesDepthwise(drawn.Call()));
  OpCall bare = drawn.Call();
  bare.epilogue.clear();
  EXPECT_FALSE(TakesDepthwise(bare));
  EXPECT_TRUE(WouldTakeDepthwise(bare));
  OpCall behind = drawn.Call();
  behind.epilogue.push_back(behind.epilogue[0]);
  EXPECT_FALSE(TakesDepthwise(behind));
  EXPECT_FALSE(CanFollow(drawn.Call(), behind.epilogue[0])) << "it would lose the kernel";
  EXPECT_TRUE(CanFollow(bare, behind.epilogue[0]));
  OpCall first = drawn.Call();
  first.layout = Layout::kChannelsFirst;
  EXPECT_FALSE(TakesDepthwise(first));
  const Attributes apart =
      With({{"group", drawn.weights.shape().dim(0)}, {"dilations", Dims{1, 2}}});
  OpCall gaps{
      "c", "Conv", apart, 13, drawn.Call().inputs, drawn.Call().constants, {true, true, false}};
  gaps.layout = Layout::kChannelsLast;
  gaps.epilogue.push_back(drawn.Call().epilogue[0]);
  EXPECT_FALSE(TakesDepthwise(gaps));
}

}  // namespace
}  // namespace tenter
