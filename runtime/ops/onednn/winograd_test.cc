// Winograd against a loop in double. A failure prints its seed; --gtest_random_seed=SEED runs that
// one first.
#include "runtime/ops/onednn/winograd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/ops/own/winograd_transforms.h"
#include "runtime/ops/testing.h"

namespace tenter {
namespace {

using Dims = std::vector<int64_t>;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
// Of the largest number of the image that is computed. A direct sum has a fifth of it.
constexpr double kError = 5e-6;

int64_t Between(Rng& rng, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(rng.Below(static_cast<uint64_t>(high - low + 1)));
}

// A convolution with the channels last, and what stands behind it. OpCall borrows the attributes
// and constants that are here.
struct Case {
  Attributes attributes = With({{"pads", Dims{1, 1, 1, 1}}});
  Tensor image, weights, bias;
  std::vector<std::string> epilogue = {};  // Relu, Clip, Add (an image), Mul and Shift (channels)
  Tensor added, scale, shift;
  Tensor low = Scalar(-0.5f), high = Scalar(0.75f);
  bool winograd = true;
  const Attributes none = {};

  Dims pads() const { return attributes.Ints("pads", {}).value(); }
  TensorSpec output() const {
    const Shape& in = image.shape();
    const Dims p = pads();
    return {DType::kFloat32,
            {in.dim(0), in.dim(1) + p[0] + p[2] - 2, in.dim(2) + p[1] + p[3] - 2,
             weights.shape().dim(0)}};
  }
  void DrawRest(Rng& rng) {
    const int64_t channels = weights.shape().dim(0);
    added = RandomFloats(output().shape, rng);
    scale = RandomFloats({1, 1, 1, channels}, rng, 0.5f, 2.0f);
    shift = RandomFloats({1, 1, 1, channels}, rng);
  }

  OpCall Call() const {
    OpCall call{"c",
                "Conv",
                attributes,
                13,
                {image.spec(), weights.spec(), bias.spec()},
                {nullptr, &weights, bias.defined() ? &bias : nullptr},
                {true, true, bias.defined()}};
    call.layout = Layout::kChannelsLast;
    call.winograd = winograd;
    for (const std::string& name : epilogue) {
      OpCall op{"e", name == "Shift" ? "Add" : std::string_view(name), none, 13, {}, {}, {}};
      const auto add = [&op](const Tensor& tensor, bool known) {
        op.inputs.push_back(tensor.spec());
        op.constants.push_back(known ? &tensor : nullptr);
        op.present.push_back(true);
      };
      op.inputs = {output()};
      op.constants = {nullptr};
      op.present = {true};
      if (name == "Add") add(added, false);
      if (name == "Mul") add(scale, true);
      if (name == "Shift") add(shift, true);
      if (name == "Clip") add(low, true), add(high, true);
      call.epilogue.push_back(op);
    }
    return call;
  }
  std::vector<Tensor> Inputs() const {
    std::vector<Tensor> inputs = {image, weights, bias};
    for (const std::string& name : epilogue) {
      if (name == "Add") inputs.push_back(added);
      if (name == "Mul") inputs.push_back(scale);
      if (name == "Shift") inputs.push_back(shift);
      if (name == "Clip") inputs.push_back(low), inputs.push_back(high);
    }
    return inputs;
  }
};

std::unique_ptr<Kernel> KernelOf(const Case& c, KernelChoice choice = KernelChoice::kOneDnn) {
  const TensorSpec output = c.output();
  return MakeKernel(c.Call(), {&output, 1}, choice).value();
}

std::vector<float> RunOf(const Case& c, const Kernel& kernel) {
  Tensor out = Tensor::Allocate(c.output()).value();
  const auto scratch = HostBlock::Allocate(kernel.scratch_bytes()).value();
  const std::vector<Tensor> inputs = c.Inputs();
  kernel.Run(inputs, {&out, 1}, {.scratch = scratch->data()});
  return Elements<float>(out);
}

double Finish(const Case& c, double value, size_t at) {
  const size_t channel = at % static_cast<size_t>(c.weights.shape().dim(0));
  for (const std::string& name : c.epilogue) {
    if (name == "Add") value += c.added.data<float>()[at];
    if (name == "Mul") value *= c.scale.data<float>()[channel];
    if (name == "Shift") value += c.shift.data<float>()[channel];
    if (name == "Relu") value = std::max(value, 0.0);
    if (name == "Clip") value = std::clamp(value, -0.5, 0.75);
  }
  return value;
}

// The sum of one output.
double Sum(const Case& c, const Dims& at) {
  const Shape &in = c.image.shape(), &w = c.weights.shape();
  const Dims pads = c.pads();
  const int64_t channels = in.dim(3);
  double sum = c.bias.defined() ? c.bias.data<float>()[at[3]] : 0.0;
  for (int64_t i = 0; i < 3; ++i)
    for (int64_t j = 0; j < 3; ++j) {
      const int64_t y = at[1] + i - pads[0], x = at[2] + j - pads[1];
      if (y < 0 || y >= in.dim(1) || x < 0 || x >= in.dim(2)) continue;
      const float* const cell =
          c.image.data<float>() + ((at[0] * in.dim(1) + y) * in.dim(2) + x) * channels;
      const float* const taps = c.weights.data<float>() + at[3] * w.dim(1) * 9 + i * 3 + j;
      for (int64_t k = 0; k < channels; ++k) sum += double{cell[k]} * taps[k * 9];
    }
  return sum;
}

void ExpectRight(const Case& c, const std::string& place) {
  const auto kernel = KernelOf(c);
  ASSERT_EQ(kernel->implementation(), "winograd 4x4") << place;
  const std::vector<float> found = RunOf(c, *kernel);
  const Shape out = c.output().shape;
  std::vector<double> expected;
  double largest = 0.0;
  for (int64_t n = 0; n < out.dim(0); ++n)
    for (int64_t y = 0; y < out.dim(1); ++y)
      for (int64_t x = 0; x < out.dim(2); ++x)
        for (int64_t k = 0; k < out.dim(3); ++k) {
          const double sum = Sum(c, {n, y, x, k});
          largest = std::max(largest, std::fabs(sum));
          expected.push_back(Finish(c, sum, expected.size()));
        }
  ASSERT_EQ(found.size(), expected.size()) << place;
  for (size_t i = 0; i < found.size(); ++i)
    ASSERT_NEAR(found[i], expected[i], 2 * kError * largest + 1e-6) << place << " element " << i;
}

// With about as few products as the rule allows.
Case Draw(Rng& rng) {
  constexpr int64_t kPairs[][2] = {{16, 64}, {64, 16}, {48, 32}, {32, 48}, {80, 80}, {16, 112}};
  const auto& [inputs, outputs] = kPairs[rng.Below(std::size(kPairs))];
  const int64_t batch = rng.Chance(50) ? 1 : 3;
  const int64_t tiles = std::max<int64_t>(16, 100'000 / (inputs * outputs) + 1);
  const int64_t rows = Between(rng, 2, 6);
  const int64_t columns = (tiles + batch * rows - 1) / (batch * rows);
  Case c;
  const Dims pads = {Between(rng, 0, 2), Between(rng, 0, 2), Between(rng, 0, 2),
                     Between(rng, 0, 2)};
  c.attributes = With({{"pads", pads}});
  const int64_t height = rows * 4 - Between(rng, 0, 3) + 2 - pads[0] - pads[2];
  const int64_t width = columns * 4 - Between(rng, 0, 3) + 2 - pads[1] - pads[3];
  c.image =
      RandomFloats({batch, std::max<int64_t>(height, 1), std::max<int64_t>(width, 1), inputs}, rng);
  c.weights = RandomFloats({outputs, inputs, 3, 3}, rng, -0.2f, 0.2f);
  if (rng.Chance(50)) c.bias = RandomFloats({outputs}, rng);
  c.DrawRest(rng);
  return c;
}

// The smallest image of the rule with these channels, which an epilogue may follow.
Case Small(Rng& rng, int64_t batch = 1) {
  Case c;
  c.image = RandomFloats({batch, 15, 13, 80}, rng);
  c.weights = RandomFloats({80, 80, 3, 3}, rng, -0.2f, 0.2f);
  c.bias = RandomFloats({80}, rng);
  c.DrawRest(rng);
  return c;
}

TEST(Winograd, EverySizeAndEpilogue) {
  const std::vector<std::string> epilogues[] = {{},
                                                {"Relu"},
                                                {"Clip"},
                                                {"Add"},
                                                {"Add", "Relu"},
                                                {"Mul"},
                                                {"Mul", "Add"},
                                                {"Shift"},
                                                {"Mul", "Shift"},
                                                {"Mul", "Shift", "Add", "Relu"},
                                                {"Add", "Clip"},
                                                {"Shift", "Mul", "Clip"}};
  for (int round = 0; round < 36; ++round) {
    const auto seed = static_cast<uint64_t>(GTEST_FLAG_GET(random_seed) + round);
    Rng rng(seed);
    Case c = Draw(rng);
    c.epilogue = epilogues[static_cast<size_t>(round) % std::size(epilogues)];
    std::string place = "seed " + std::to_string(seed) + " " + c.image.spec().ToString() + " " +
                        c.weights.spec().ToString() + " pads " + c.attributes.Print("pads");
    for (const std::string& name : c.epilogue) place += " " + name;
    ExpectRight(c, place);
  }
}

TEST(Winograd, EveryPad) {
  for (int64_t sides = 0; sides < 16; ++sides) {
    Rng rng(static_cast<uint64_t>(sides));
    Case c = Small(rng);
    c.attributes = With({{"pads", Dims{sides & 1, sides >> 1 & 1, sides >> 2 & 1, sides >> 3}}});
    c.image = RandomFloats({1, 15, 15, 80}, rng);
    ExpectRight(c, "pads " + c.attributes.Print("pads"));
  }
}

// Those for machines with narrower vectors, too: one tile of one channel, as the definition has it.
TEST(Winograd, TheTransformsOfEveryWidth) {
  Rng rng(3);
  const Tensor image = RandomFloats({36, 16}, rng), weights = RandomFloats({1, 1, 3, 3}, rng);
  std::vector<float> transformed(kWinogradCells), cells(36 * 16), out(16 * 16);
  std::array<const float*, kWinogradCells> places{};
  for (size_t i = 0; i < 36; ++i) places[i] = image.data<float>() + i * 16;
  const std::vector<float> ones(16, 1.0f), halves(16, 0.5f);
  const WinogradTarget target{out.data(), nullptr, ones.data(), halves.data(), 4 * 16,
                              4,          3,       -kInfinity,  kInfinity};
  const auto all = WinogradTransforms::OfThisMachine();
  ASSERT_FALSE(all.empty());
  for (const WinogradTransforms& transforms : all) {
    std::fill(out.begin(), out.end(), 77.0f);
    transforms.weights(weights.data<float>(), 1, 1, transformed.data());
    transforms.input(places, 16, cells.data(), 16);
    for (size_t i = 0; i < cells.size(); ++i) cells[i] *= transformed[i / 16];
    transforms.output(cells.data(), 16, 16, target);
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t y = i / 64, x = i / 16 % 4;
      double sum = 0.5;
      for (size_t tap = 0; tap < 9; ++tap)
        sum += double{weights.data<float>()[tap]} * places[(y + tap / 3) * 6 + x + tap % 3][i % 16];
      EXPECT_NEAR(out[i], x < 3 ? sum : 77.0, 1e-5) << i;
    }
  }
}

// As each of them alone.
TEST(Winograd, TheWeightsOfManyOutputs) {
  constexpr int64_t kOutputs = 21, kInputs = 3;
  Rng rng(4);
  const Tensor weights = RandomFloats({kOutputs, kInputs, 3, 3}, rng);
  for (const WinogradTransforms& transforms : WinogradTransforms::OfThisMachine()) {
    std::vector<float> all(kWinogradCells * kOutputs * kInputs), one(kWinogradCells);
    transforms.weights(weights.data<float>(), kOutputs, kInputs, all.data());
    for (int64_t o = 0; o < kOutputs; ++o)
      for (int64_t c = 0; c < kInputs; ++c) {
        transforms.weights(weights.data<float>() + (o * kInputs + c) * 9, 1, 1, one.data());
        for (size_t i = 0; i < one.size(); ++i)
          ASSERT_EQ(all[(i * kInputs + static_cast<size_t>(c)) * kOutputs + static_cast<size_t>(o)],
                    one[i])
              << o << " " << c << " " << i;
      }
  }
}

// Numbers that are not finite, or so large that a sum of them might be, stay where they belong.
TEST(Winograd, WhatIsNotBoundedIsExact) {
  for (const auto& epilogue : {std::vector<std::string>{}, {"Relu"}, {"Add"}, {"Mul", "Shift"}})
    for (const float value : {kNaN, kInfinity, -kInfinity, 3e38f, -2e10f})
      for (const int64_t place : {int64_t{0}, int64_t{80 * 13 * 7 + 5}, int64_t{-1}}) {
        Rng rng(5);
        Case c = Small(rng, 2);
        c.epilogue = epilogue;
        const int64_t count = c.image.shape().NumElements();
        c.image.mutable_data<float>()[place < 0 ? count - 1 : place] = value;
        const auto kernel = KernelOf(c);
        ASSERT_EQ(kernel->implementation(), "winograd 4x4");
        const std::vector<float> found = RunOf(c, *kernel);
        const auto expected = RunOf(c, *KernelOf(c, KernelChoice::kReference));
        int64_t differ = 0, odd = 0;
        for (size_t i = 0; i < found.size(); ++i) {
          differ += found[i] != expected[i] && !(std::isnan(found[i]) && std::isnan(expected[i]));
          odd += !std::isfinite(found[i]);
        }
        EXPECT_EQ(differ, 0) << value << " at " << place;
        EXPECT_LE(odd, 9 * 80) << value << " at " << place;
      }
}

TEST(Winograd, AnAddedImageMayHoldNaN) {
  Rng rng(6);
  Case c = Small(rng);
  c.epilogue = {"Add", "Relu"};
  c.added.mutable_data<float>()[100] = kNaN;
  const std::vector<float> found = RunOf(c, *KernelOf(c));
  for (size_t i = 0; i < found.size(); ++i) EXPECT_EQ(std::isnan(found[i]), i == 100) << i;
}

TEST(Winograd, WeightsThatAreNotFiniteAreForTheReference) {
  for (const float value : {kNaN, kInfinity, 1e30f}) {
    Rng rng(7);
    Case c = Small(rng);
    c.weights.mutable_data<float>()[9] = value;
    EXPECT_NE(KernelOf(c)->implementation(), "winograd 4x4") << value;
  }
}

TEST(Winograd, TheRule) {
  Rng rng(8);
  const Case small = Small(rng);
  EXPECT_TRUE(TakesWinograd(small.Call()));
  const auto refused = [&](auto change) {
    Case c = Small(rng);
    change(c);
    return !TakesWinograd(c.Call());
  };
  EXPECT_TRUE(refused([](Case& c) { c.winograd = false; }));
  EXPECT_TRUE(refused([](Case& c) { c.attributes.Set("strides", Dims{2, 2}); }));
  EXPECT_TRUE(refused([](Case& c) { c.attributes.Set("dilations", Dims{1, 2}); }));
  EXPECT_TRUE(refused([&](Case& c) { c.weights = RandomFloats({320, 40, 3, 3}, rng); }));
  EXPECT_TRUE(refused([&](Case& c) { c.weights = RandomFloats({80, 80, 1, 3}, rng); }));
  EXPECT_TRUE(refused([&](Case& c) { c.weights = RandomFloats({88, 80, 3, 3}, rng); }));
  EXPECT_TRUE(refused([&](Case& c) { c.image = RandomFloats({1, 12, 16, 80}, rng); }));
  EXPECT_TRUE(refused([](Case& c) { c.epilogue = {"Sigmoid"}; }));
  EXPECT_TRUE(refused([](Case& c) { c.epilogue = {"Relu", "Add"}; }));
  EXPECT_TRUE(refused([](Case& c) { c.epilogue = {"Add", "Add"}; }));
  Case off = small;
  off.winograd = false;
  EXPECT_NE(KernelOf(off)->implementation(), "winograd 4x4");
}

TEST(Winograd, AllPlansShareTheWeights) {
  Rng rng(9);
  Case c = Small(rng);
  const auto parameters = ProtectedPages::Allocate(c.weights.size_bytes()).value();
  std::memcpy(parameters->data(), c.weights.raw(), c.weights.size_bytes());
  c.weights = Tensor::View(c.weights.spec(), parameters, parameters->data());
  const auto packed = MakePackedWeights(parameters, {c.weights});
  size_t once = 0;
  for (const int64_t height : {15, 15, 40}) {
    c.image = RandomFloats({1, height, 16, 80}, rng);
    OpCall call = c.Call();
    call.packed = packed.get();
    const TensorSpec output = c.output();
    const auto kernel = MakeKernel(call, {&output, 1}, KernelChoice::kOneDnn).value();
    if (once == 0) once = PackedBytes(*packed);
    EXPECT_EQ(PackedBytes(*packed), once) << height;
    EXPECT_EQ(RunOf(c, *kernel), RunOf(c, *KernelOf(c))) << height;
  }
  EXPECT_GE(once, 36 * 80 * 80 * sizeof(float));
}

// Also into memory that held something else.
TEST(Winograd, TheSameBitsOnEveryThread) {
  Rng rng(10);
  Case c = Small(rng, 3);
  c.epilogue = {"Add", "Relu"};
  const auto kernel = KernelOf(c);
  const std::vector<float> expected = RunOf(c, *kernel);
  std::vector<int> wrong(3, 0);
  std::vector<Thread> threads(wrong.size());
  for (size_t i = 0; i < threads.size(); ++i)
    ASSERT_TRUE(threads[i]
                    .Start("winograd",
                           [&, i] {
                             Tensor out = Tensor::Allocate(c.output()).value();
                             const auto scratch = HostBlock::Allocate(kernel->scratch_bytes());
                             std::fill_n(reinterpret_cast<float*>((*scratch)->data()),
                                         kernel->scratch_bytes() / sizeof(float), kNaN);
                             const auto state = kernel->MakeState();
                             const std::vector<Tensor> inputs = c.Inputs();
                             for (int round = 0; round < 20; ++round) {
                               kernel->Run(inputs, {&out, 1},
                                           {.scratch = (*scratch)->data(), .state = state.get()});
                               wrong[i] += Elements<float>(out) != expected;
                             }
                           })
                    .ok());
  for (Thread& thread : threads) thread.Join();
  EXPECT_EQ(wrong, std::vector<int>(3, 0));
}

// No image sees another of its batch.
TEST(Winograd, ImagesOfABatchAreAlone) {
  Rng rng(11);
  Case c = Small(rng, 3);
  const std::vector<float> together = RunOf(c, *KernelOf(c));
  const int64_t in = 15 * 13 * 80, out = c.output().shape.NumElements() / 3;
  for (int64_t image = 0; image < 3; ++image) {
    Case one = c;
    one.image =
        Floats({1, 15, 13, 80}, std::vector<float>(c.image.data<float>() + image * in,
                                                   c.image.data<float>() + (image + 1) * in));
    const std::vector<float> alone = RunOf(one, *KernelOf(one));
    EXPECT_TRUE(std::equal(alone.begin(), alone.end(), together.begin() + image * out)) << image;
  }
}

}  // namespace
}  // namespace tenter
