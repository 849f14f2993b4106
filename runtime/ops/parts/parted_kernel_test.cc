// Kernels that are cut into parts, against the reference kernels of the whole. A failure prints its
// seed; --gtest_random_seed=SEED runs that one first.
#include "runtime/ops/parts/parted_kernel.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/base/rng.h"
#include "runtime/device/team.h"
#include "runtime/ops/testing.h"
#include "runtime/ops/window.h"

namespace tenter {
namespace {

constexpr int kRounds = 150;

int64_t Between(Rng& rng, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(rng.Below(static_cast<uint64_t>(high - low + 1)));
}

// A call and all that it refers to.
struct Case {
  Case(std::string type, Attributes given, std::vector<Tensor> operands, int opset = 14)
      : op(std::move(type)),
        attributes(std::move(given)),
        inputs(std::move(operands)),
        call(CallWith(op, attributes, inputs, opset, 1)) {}

  // Adds an op behind, whose other operand, if any, follows the inputs.
  void Append(const std::string& type, const TensorSpec& carried, std::vector<Tensor> operand) {
    behind.push_back(std::make_unique<Case>(type, Attributes(), std::move(operand)));
    OpCall op_behind = behind.back()->call;
    op_behind.inputs.insert(op_behind.inputs.begin(), carried);
    op_behind.constants.insert(op_behind.constants.begin(), nullptr);
    op_behind.present.insert(op_behind.present.begin(), true);
    call.epilogue.push_back(op_behind);
  }
  std::vector<Tensor> AllInputs() const {
    std::vector<Tensor> all = inputs;
    for (const auto& op_behind : behind)
      all.insert(all.end(), op_behind->inputs.begin(), op_behind->inputs.end());
    return all;
  }

  std::string op;
  Attributes attributes;
  std::vector<Tensor> inputs;
  OpCall call;
  std::vector<std::unique_ptr<Case>> behind;
  TensorSpec output;
};

struct Answer {
  std::vector<float> values;
  std::string implementation;
};

Answer RunCase(const Case& c, KernelChoice choice, Cut cut, Team* team) {
  OpCall call = c.call;
  call.cut = cut;
  const auto kernel = MakeKernel(call, {&c.output, 1}, choice).value();
  Tensor output = RandomFloats(c.output.shape, *std::make_unique<Rng>(3));
  const auto scratch = HostBlock::Allocate(kernel->scratch_bytes()).value();
  const std::vector<Tensor> inputs = c.AllInputs();
  kernel->Run(inputs, {&output, 1}, {.scratch = scratch->data(), .team = team});
  return {Elements<float>(output), std::string(kernel->implementation())};
}

using Generate = std::unique_ptr<Case> (*)(Rng&);

// Runs kRounds cases whole and in parts, alone and with a team; says how many were cut.
int Compare(Generate generate) {
  int cut_count = 0;
  Team team(Inheritance::OfThisThread(), 2);
  team.Staff();
  for (int round = 0; round < kRounds && !testing::Test::HasFailure(); ++round) {
    const uint64_t seed = static_cast<uint64_t>(GTEST_FLAG_GET(random_seed) + round);
    Rng rng(seed);
    const auto c = generate(rng);
    const Cut cut{.threads = static_cast<int>(Between(rng, 2, 5)), .grain = 1};
    std::string place = "seed " + std::to_string(seed) + " " + c->op;
    for (const Tensor& input : c->AllInputs()) place.append(" ").append(input.spec().ToString());
    for (const auto name : c->attributes.Names())
      place.append(" ").append(name).append("=").append(c->attributes.Print(name));
    SCOPED_TRACE(place);
    const Answer expected = RunCase(*c, KernelChoice::kReference, {}, nullptr);
    const Answer alone = RunCase(*c, KernelChoice::kOneDnn, cut, nullptr);
    const Answer together = RunCase(*c, KernelChoice::kOneDnn, cut, &team);
    EXPECT_EQ(alone.values, together.values) << "the bits depend on who runs";
    for (size_t i = 0; i < expected.values.size(); ++i)
      if (!(std::fabs(expected.values[i] - alone.values[i]) <=
            1e-4f + 1e-4f * std::fabs(expected.values[i]))) {
        ADD_FAILURE() << alone.implementation << " element " << i << ": " << alone.values[i]
                      << ", expected " << expected.values[i];
        break;
      }
    cut_count += alone.implementation.find(" x ") != std::string::npos ? 1 : 0;
  }
  return cut_count;
}

TensorSpec SpecOf(const Tensor& tensor) { return tensor.spec(); }

// What an epilogue may read of an output: all of it, a number per channel, or one number.
void AppendRandom(Rng& rng, Case* c) {
  const Shape& whole = c->output.shape;
  for (int64_t count = Between(rng, 0, 2); count > 0; --count) switch (rng.Below(4)) {
      case 0:
        c->Append("Add", c->output, {RandomFloats(whole, rng)});
        break;
      case 1:
        c->Append("Mul", c->output, {RandomFloats({whole.dim(-1)}, rng)});
        break;
      case 2:
        c->Append("Add", c->output, {RandomFloats({1}, rng)});
        break;
      default:
        c->Append("Relu", c->output, {});
    }
}

// [N,H,W,C], with as many channels as Winograd wants in half of the cases.
std::unique_ptr<Case> RandomConvolution(Rng& rng) {
  const bool winograd = rng.Chance(30);
  const int64_t groups = winograd ? 1 : Between(rng, 1, 3);
  const int64_t in = winograd ? 16 : Between(rng, 1, 4), out = winograd ? 32 : Between(rng, 1, 4);
  const Shape image = {rng.Chance(80) ? 1 : Between(rng, 2, 4), Between(rng, 4, 17),
                       Between(rng, 4, 17), groups * in};
  const int64_t height = winograd ? 3 : Between(rng, 1, 3), width = winograd ? 3 : 2;
  const auto most = [&](int64_t limit) { return winograd ? int64_t{1} : limit; };
  std::vector<int64_t> pads;
  for (int i = 0; i < 4; ++i) pads.push_back(Between(rng, 0, 2));
  auto c = std::make_unique<Case>(
      "Conv",
      With({{"group", groups},
            {"strides", std::vector{Between(rng, 1, most(3)), Between(rng, 1, most(3))}},
            {"dilations", std::vector{Between(rng, 1, most(2)), Between(rng, 1, most(2))}},
            {"pads", pads}}),
      std::vector{RandomFloats(image, rng),
                  RandomFloats({groups * out, in, height, width}, rng, -0.3f, 0.3f),
                  RandomFloats({groups * out}, rng)});
  c->call.layout = Layout::kChannelsLast;
  const Window window = WindowOf(c->call, {height, width}).value();
  c->output = {DType::kFloat32, {image.dim(0), window.output[0], window.output[1], groups * out}};
  c->call.constants[0] = nullptr;
  AppendRandom(rng, c.get());
  return c;
}

std::unique_ptr<Case> RandomPooling(Rng& rng) {
  const Shape image = {rng.Chance(80) ? 1 : 3, Between(rng, 5, 17), Between(rng, 5, 12), 4};
  Attributes attributes =
      With({{"kernel_shape", std::vector{Between(rng, 2, 3), Between(rng, 2, 3)}},
            {"strides", std::vector{Between(rng, 1, 3), Between(rng, 1, 3)}},
            {"pads", std::vector{Between(rng, 0, 1), Between(rng, 0, 1), Between(rng, 0, 1),
                                 Between(rng, 0, 1)}},
            {"ceil_mode", Between(rng, 0, 1)}});
  const bool max = rng.Chance(50);
  if (!max) attributes.Set("count_include_pad", Between(rng, 0, 1));
  auto c = std::make_unique<Case>(max ? "MaxPool" : "AveragePool", std::move(attributes),
                                  std::vector{RandomFloats(image, rng)});
  c->call.layout = Layout::kChannelsLast;
  const Window window = PoolWindowOf(c->call).value();
  c->output = {DType::kFloat32, {image.dim(0), window.output[0], window.output[1], 4}};
  c->call.constants[0] = nullptr;
  return c;
}

std::unique_ptr<Case> RandomGemm(Rng& rng) {
  const int64_t m = rng.Chance(50) ? 1 : Between(rng, 2, 9);
  const int64_t k = Between(rng, 1, 9), n = Between(rng, 2, 9);
  const bool a_turned = rng.Chance(20), b_turned = rng.Chance(70);
  std::vector<Tensor> inputs = {RandomFloats(a_turned ? Shape{k, m} : Shape{m, k}, rng),
                                RandomFloats(b_turned ? Shape{n, k} : Shape{k, n}, rng)};
  if (rng.Chance(70))
    inputs.push_back(RandomFloats(rng.Chance(50)   ? Shape{n}
                                  : rng.Chance(50) ? Shape{m, n}
                                                   : Shape{1, n},
                                  rng));
  auto c = std::make_unique<Case>(
      "Gemm", With({{"transA", int64_t{a_turned}}, {"transB", int64_t{b_turned}}}),
      std::move(inputs));
  c->output = {DType::kFloat32, {m, n}};
  c->call.constants[0] = nullptr;
  AppendRandom(rng, c.get());
  return c;
}

// Ops without layout, whose output inference tells.
std::unique_ptr<Case> Inferred(std::string op, Attributes attributes, std::vector<Tensor> inputs,
                               int opset = 14) {
  auto c = std::make_unique<Case>(std::move(op), std::move(attributes), std::move(inputs), opset);
  c->output = InferOp(c->call).value()[0];
  for (size_t i = 0; i + 1 < c->inputs.size(); ++i) c->call.constants[i] = nullptr;
  return c;
}

std::unique_ptr<Case> RandomMatMul(Rng& rng) {
  const int64_t k = Between(rng, 1, 9), batch = rng.Chance(50) ? 1 : 3;
  std::vector<int64_t> a = {Between(rng, 1, 9), k}, b = {k, Between(rng, 1, 9)};
  if (rng.Chance(60)) a.insert(a.begin(), rng.Chance(50) ? batch : 1);
  if (rng.Chance(60)) b.insert(b.begin(), rng.Chance(50) ? batch : 1);
  return Inferred("MatMul", {}, {RandomFloats(Shape(a), rng), RandomFloats(Shape(b), rng)});
}

std::unique_ptr<Case> RandomElementwise(Rng& rng) {
  const char* const ops[] = {"Add", "Sub", "Mul", "Max", "Relu", "Sigmoid", "Sum"};
  const std::string op = ops[rng.Below(std::size(ops))];
  std::vector<int64_t> a, b;
  for (int i = 0; i < 4; ++i) a.push_back(i == 0 ? 1 : Between(rng, 1, 6));
  b = a;
  for (size_t i = 0; i < 4; ++i)
    if (rng.Chance(30)) (rng.Chance(50) ? a : b)[i] = 1;
  if (rng.Chance(30)) b.erase(b.begin(), b.begin() + Between(rng, 1, 4));
  std::vector<Tensor> inputs = {RandomFloats(Shape(a), rng)};
  if (op != "Relu" && op != "Sigmoid") inputs.push_back(RandomFloats(Shape(b), rng));
  if (op == "Sum" && rng.Chance(50)) inputs.push_back(RandomFloats(Shape(a), rng));
  return Inferred(op, {}, std::move(inputs));
}

std::unique_ptr<Case> RandomAlongAxis(Rng& rng) {
  std::vector<int64_t> dims = {1, Between(rng, 1, 6), Between(rng, 1, 6), Between(rng, 2, 6)};
  const int64_t axis = Between(rng, 0, 3);
  const Tensor data = RandomFloats(Shape(dims), rng);
  if (rng.Chance(30))
    return Inferred("Softmax", With({{"axis", axis}}), {data}, rng.Chance(50) ? 11 : 13);
  if (rng.Chance(50)) {
    const int64_t last = dims[static_cast<size_t>(axis)] - 1;
    return Inferred("Gather", With({{"axis", axis}}),
                    {data, Ints({last, 0, Between(rng, 0, last)})});
  }
  dims[static_cast<size_t>(axis)] = Between(rng, 1, 5);
  return Inferred("Concat", With({{"axis", axis}}), {data, RandomFloats(Shape(dims), rng), data});
}

std::unique_ptr<Case> RandomNormalisation(Rng& rng) {
  const Shape image = {rng.Chance(70) ? 1 : 3, Between(rng, 1, 9), Between(rng, 1, 5), 5};
  const Tensor of_channels = RandomFloats({5}, rng, 0.5f, 2.0f);
  auto c = std::make_unique<Case>("BatchNormalization", Attributes(),
                                  std::vector{RandomFloats(image, rng), of_channels,
                                              RandomFloats({5}, rng), of_channels, of_channels});
  c->call.layout = Layout::kChannelsLast;
  c->output = SpecOf(c->inputs[0]);
  c->call.constants[0] = nullptr;
  return c;
}

TEST(PartedKernel, Convolution) { EXPECT_GT(Compare(RandomConvolution), kRounds / 2); }
TEST(PartedKernel, Pooling) { EXPECT_GT(Compare(RandomPooling), kRounds / 2); }
TEST(PartedKernel, Gemm) { EXPECT_GT(Compare(RandomGemm), kRounds / 2); }
TEST(PartedKernel, MatMul) { EXPECT_GT(Compare(RandomMatMul), kRounds / 3); }
TEST(PartedKernel, Elementwise) { EXPECT_GT(Compare(RandomElementwise), kRounds / 2); }
TEST(PartedKernel, AlongAxis) { EXPECT_GT(Compare(RandomAlongAxis), kRounds / 3); }
TEST(PartedKernel, Normalisation) { EXPECT_GT(Compare(RandomNormalisation), kRounds / 2); }

// What a row reads may be padding alone, and then the call stays whole.
TEST(PartedKernel, SmallCallsStayWhole) {
  const Tensor image = Floats({1, 1, 4, 4}, std::vector<float>(16, 1.0f));
  const auto whole = RunOp("Relu", {}, {image}, 11, 1, KernelChoice::kOneDnn, {.threads = 2});
  const auto parts =
      RunOp("Relu", {}, {image}, 11, 1, KernelChoice::kOneDnn, {.threads = 2, .grain = 1});
  EXPECT_EQ(whole->implementation.find(" x "), std::string::npos);
  EXPECT_EQ(parts->implementation, "2 x reference");
}

// The index of the second row is out of range: so is what is told.
TEST(PartedKernel, TellsWhatAPartFailsWith) {
  Tensor data = Floats({2, 3}, {0, 1, 2, 3, 4, 5});
  const Attributes attributes = With({{"axis", int64_t{1}}});
  const std::vector<Tensor> inputs = {data, Ints({0, 7})};
  OpCall call = CallWith("Gather", attributes, inputs, 14, 1);
  call.constants[1] = nullptr;
  call.cut = {.threads = 2, .grain = 1};
  const std::vector<TensorSpec> specs = InferOp(call).value();
  const auto kernel = MakeKernel(call, specs, KernelChoice::kOneDnn).value();
  EXPECT_EQ(kernel->implementation().substr(0, 4), "2 x ");
  Tensor output = Tensor::Allocate(specs[0]).value();
  Team team(Inheritance::OfThisThread(), 2);
  team.Staff();
  for (Team* const helpers : {static_cast<Team*>(nullptr), &team}) {
    try {
      kernel->Run(inputs, {&output, 1}, {.team = helpers});
      ADD_FAILURE() << "nothing was thrown";
    } catch (const StatusError& error) {
      EXPECT_NE(std::string(error.what()).find("7"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace tenter
