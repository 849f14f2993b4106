// oneDNN kernels against the reference kernels on random shapes. A failure prints its seed;
// --gtest_random_seed=SEED runs that one first.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "runtime/base/rng.h"
#include "runtime/base/thread.h"
#include "runtime/ops/onednn/kernel.h"
#include "runtime/ops/testing.h"

namespace tenter {
namespace {

constexpr int kRounds = 200;

using Dims = std::vector<int64_t>;

// One random case of an op.
struct RandomCase {
  std::string op;
  Attributes attributes;
  std::vector<Tensor> inputs;
  int opset = 11;
};

using Generate = RandomCase (*)(Rng&);

int64_t Between(Rng& rng, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(rng.Below(static_cast<uint64_t>(high - low + 1)));
}

Dims Many(Rng& rng, size_t count, int64_t low, int64_t high) {
  Dims values(count);
  for (int64_t& value : values) value = Between(rng, low, high);
  return values;
}

void ExpectClose(const Tensor& expected, const Tensor& found, const std::string& place) {
  ASSERT_EQ(expected.spec(), found.spec()) << place;
  for (int64_t i = 0; i < expected.shape().NumElements(); ++i) {
    const float a = expected.data<float>()[i], b = found.data<float>()[i];
    ASSERT_LE(std::fabs(a - b), 1e-5f + 1e-4f * std::fabs(a)) << place << " element " << i;
  }
}

// One NaN is as good as another.
void ExpectSame(const Tensor& expected, const Tensor& found) {
  ASSERT_EQ(expected.spec(), found.spec());
  for (int64_t i = 0; i < expected.shape().NumElements(); ++i) {
    const float a = expected.data<float>()[i], b = found.data<float>()[i];
    ASSERT_TRUE(a == b || (std::isnan(a) && std::isnan(b))) << a << " " << b << " element " << i;
  }
}

// Runs both kernels on kRounds cases and says how many of them oneDNN served.
int Compare(Generate generate) {
  int served = 0;
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t seed = static_cast<uint64_t>(GTEST_FLAG_GET(random_seed) + round);
    Rng rng(seed);
    const RandomCase c = generate(rng);
    std::string place = c.op + " with seed " + std::to_string(seed);
    for (const Tensor& input : c.inputs) place.append(" ").append(input.spec().ToString());
    for (const auto name : c.attributes.Names())
      place.append(" ").append(name).append("=").append(c.attributes.Print(name));
    const auto reference = RunOp(c.op, c.attributes, c.inputs, c.opset);
    const auto fast = RunOp(c.op, c.attributes, c.inputs, c.opset, 1, KernelChoice::kOneDnn);
    EXPECT_EQ(reference.ok(), fast.ok()) << place;
    if (!reference.ok() || !fast.ok()) continue;
    ExpectClose(reference->outputs[0], fast->outputs[0], place);
    const auto again = RunOp(c.op, c.attributes, c.inputs, c.opset, 1, KernelChoice::kOneDnn);
    EXPECT_EQ(Elements<float>(again->outputs[0]), Elements<float>(fast->outputs[0])) << place;
    if (fast->implementation != "reference") ++served;
  }
  return served;
}

RandomCase RandomConvolution(Rng& rng) {
  const int64_t groups = Between(rng, 1, 4);
  const int64_t in = Between(rng, 1, 3), out = Between(rng, 1, 3);
  const Shape image = {Between(rng, 1, 2), groups * in, Between(rng, 7, 14), Between(rng, 7, 14)};
  const Shape weights = {groups * out, in, Between(rng, 1, 3), Between(rng, 1, 3)};
  RandomCase c{"Conv",
               With({{"group", groups},
                     {"strides", Many(rng, 2, 1, 3)},
                     {"dilations", Many(rng, 2, 1, 2)},
                     {"pads", Many(rng, 4, 0, 2)}}),
               {RandomFloats(image, rng), RandomFloats(weights, rng)}};
  if (rng.Chance(70)) c.inputs.push_back(RandomFloats({groups * out}, rng));
  return c;
}

RandomCase RandomPooling(Rng& rng) {
  const char* const ops[] = {"MaxPool", "AveragePool", "GlobalAveragePool"};
  RandomCase c{ops[rng.Below(3)], {}, {}};
  c.inputs = {RandomFloats({2, 3, Between(rng, 5, 12), Between(rng, 5, 12)}, rng)};
  if (c.op == "GlobalAveragePool") return c;
  c.attributes = With({{"kernel_shape", Many(rng, 2, 2, 3)},
                       {"strides", Many(rng, 2, 1, 3)},
                       {"pads", Many(rng, 4, 0, 1)},
                       {"ceil_mode", Between(rng, 0, 1)}});
  if (c.op == "MaxPool") c.attributes.Set("dilations", Many(rng, 2, 1, 2));
  if (c.op == "AveragePool") c.attributes.Set("count_include_pad", Between(rng, 0, 1));
  return c;
}

RandomCase RandomMatMul(Rng& rng) {
  const int64_t k = Between(rng, 1, 9);
  Dims a = {Between(rng, 1, 9), k}, b = {k, Between(rng, 1, 9)};
  if (rng.Chance(50)) a.insert(a.begin(), 3);
  if (rng.Chance(50)) b.insert(b.begin(), rng.Chance(50) ? 3 : 1);
  return {"MatMul", {}, {RandomFloats(Shape(a), rng), RandomFloats(Shape(b), rng)}};
}

RandomCase RandomGemm(Rng& rng) {
  const int64_t m = Between(rng, 1, 9), k = Between(rng, 1, 9), n = Between(rng, 1, 9);
  const bool a_turned = rng.Chance(50), b_turned = rng.Chance(50);
  RandomCase c{"Gemm",
               With({{"transA", int64_t{a_turned}}, {"transB", int64_t{b_turned}}}),
               {RandomFloats(a_turned ? Shape{k, m} : Shape{m, k}, rng),
                RandomFloats(b_turned ? Shape{n, k} : Shape{k, n}, rng)}};
  if (rng.Chance(70))
    c.inputs.push_back(RandomFloats(rng.Chance(50) ? Shape{n} : Shape{m, n}, rng));
  return c;
}

RandomCase RandomEltwise(Rng& rng) {
  const char* const ops[] = {"Sigmoid", "Tanh", "Sqrt", "Exp", "Log", "HardSwish", "LeakyRelu"};
  RandomCase c{ops[rng.Below(std::size(ops))], {}, {}, 14};
  const bool positive = c.op == "Sqrt" || c.op == "Log";
  c.inputs = {RandomFloats(Shape(Many(rng, 3, 1, 7)), rng, positive ? 0.1f : -4.0f, 4.0f)};
  if (c.op == "LeakyRelu" && rng.Chance(50)) c.attributes = With({{"alpha", 0.3f}});
  return c;
}

RandomCase RandomBinary(Rng& rng) {
  const char* const ops[] = {"Add", "Sub", "Mul", "Div"};
  Dims a = Many(rng, 4, 1, 5), b = a;
  for (size_t i = 0; i < 4; ++i)
    if (rng.Chance(30)) (rng.Chance(50) ? a : b)[i] = 1;
  if (rng.Chance(30)) b.erase(b.begin(), b.begin() + Between(rng, 1, 4));
  return {ops[rng.Below(4)],
          {},
          {RandomFloats(Shape(a), rng), RandomFloats(Shape(b), rng, 0.5f, 2.0f)}};
}

RandomCase RandomSoftmax(Rng& rng) {
  return {"Softmax",
          With({{"axis", Between(rng, -3, 2)}}),
          {RandomFloats(Shape(Many(rng, 3, 1, 6)), rng, -5, 5)},
          rng.Chance(50) ? 11 : 13};
}

TEST(OneDnn, Convolution) { EXPECT_GT(Compare(RandomConvolution), kRounds / 2); }
TEST(OneDnn, Pooling) { EXPECT_GT(Compare(RandomPooling), kRounds / 2); }
TEST(OneDnn, MatMul) { EXPECT_GT(Compare(RandomMatMul), kRounds / 2); }
TEST(OneDnn, Gemm) { EXPECT_GT(Compare(RandomGemm), kRounds / 4); }
TEST(OneDnn, Eltwise) { EXPECT_EQ(Compare(RandomEltwise), kRounds); }
TEST(OneDnn, Binary) { EXPECT_GT(Compare(RandomBinary), kRounds / 4); }
TEST(OneDnn, Softmax) { EXPECT_GT(Compare(RandomSoftmax), kRounds / 2); }

// A number that is none stays so: a network that hides it hides a defect. As many as a vector of
// any width has, and one more.
TEST(OneDnn, NoFunctionTakesNaNForANumber) {
  std::vector<float> values(33, std::nanf(""));
  values[5] = 0.5f;
  const Tensor input = Floats({33}, values);
  for (const KernelChoice kernels : {KernelChoice::kReference, KernelChoice::kOneDnn})
    for (const char* op : {"Relu", "Sigmoid", "Tanh", "Sqrt", "Exp", "Log", "Clip", "HardSwish",
                           "HardSigmoid", "LeakyRelu", "Neg", "Abs", "Reciprocal"}) {
      std::vector<Tensor> inputs = {input};
      if (std::string_view(op) == "Clip") inputs.insert(inputs.end(), {Scalar(-1), Scalar(1)});
      const auto run = RunOp(op, {}, inputs, 14, 1, kernels);
      ASSERT_TRUE(run.ok()) << run.status().message();
      const std::vector<float> found = Elements<float>(run->outputs[0]);
      for (size_t i = 0; i < found.size(); ++i)
        EXPECT_EQ(std::isnan(found[i]), i != 5) << op << " " << run->implementation << " " << i;
    }
}

TEST(OneDnn, SoftmaxOfALineWithNaNIsNaN) {
  std::vector<float> values(2 * 17 * 3, 0.5f);
  values[3 * 5 + 1] = std::nanf("");  // in the second line of the first three
  values[51 + 3 * 2] = INFINITY;      // in the first line of the others: infinity less infinity
  for (const KernelChoice kernels : {KernelChoice::kReference, KernelChoice::kOneDnn}) {
    const auto run = RunOp("Softmax", With({{"axis", int64_t{1}}}), {Floats({2, 17, 3}, values)},
                           13, 1, kernels);
    ASSERT_TRUE(run.ok()) << run.status().message();
    const std::vector<float> found = Elements<float>(run->outputs[0]);
    for (size_t i = 0; i < found.size(); ++i)
      EXPECT_EQ(std::isnan(found[i]), i % 3 == (i < 51 ? 1 : 0)) << run->implementation << " " << i;
  }
}

TEST(OneDnn, NoVariadicOpTakesNaNForANumber) {
  const Tensor none = Floats({2}, {std::nanf(""), 1}), number = Floats({2}, {2, 3});
  for (const char* op : {"Add", "Sub", "Mul", "Div", "Sum", "Max", "Min"})
    for (const auto& inputs : {std::vector{none, number}, std::vector{number, none}}) {
      const auto run = RunOp(op, {}, inputs, 13, 1, KernelChoice::kOneDnn);
      ASSERT_TRUE(run.ok()) << run.status().message();
      EXPECT_TRUE(std::isnan(Elements<float>(run->outputs[0])[0])) << op << run->implementation;
      EXPECT_FALSE(std::isnan(Elements<float>(run->outputs[0])[1])) << op << run->implementation;
    }
}

// The library stretches its second operand alone, and falls to reference code else. A row is a loop
// of our own.
TEST(OneDnn, AStretchedFirstOperandIsServedFast) {
  Rng rng(5);
  const Tensor whole = RandomFloats({1, 8, 6, 6}, rng, 0.5f, 2.0f);
  for (const Shape& small : {Shape{}, Shape{1, 8, 1, 1}, Shape{6}, Shape{1, 1, 6, 6}})
    for (const char* op : {"Add", "Sub", "Mul", "Div"}) {
      const std::vector inputs = {RandomFloats(small, rng, 0.5f, 2.0f), whole};
      const auto run = RunOp(op, {}, inputs, 13, 1, KernelChoice::kOneDnn);
      ASSERT_TRUE(run.ok()) << run.status().message();
      const bool exchanged = std::string_view(op) == "Add" || std::string_view(op) == "Mul";
      EXPECT_EQ(run->implementation == "row by row", small == Shape{6});
      const bool served = run->implementation != "reference";
      EXPECT_EQ(served, exchanged || small == Shape{6}) << op;
      EXPECT_FALSE(IsReferenceCode(run->implementation) && served) << run->implementation;
      ExpectClose(RunOp(op, {}, inputs, 13)->outputs[0], run->outputs[0], op + small.ToString());
    }
}

// Each number is one operation, so a row gives the bits of the reference kernel, in either place.
TEST(OneDnn, ARowGivesTheBitsOfTheReference) {
  Rng rng(6);
  for (const Shape& whole :
       {Shape{3, 5}, Shape{1, 7}, Shape{2, 4, 1}, Shape{1, 12, 96, 8}, Shape{2, 37}, Shape{5, 200}})
    for (const Shape& row : {Shape{whole.dim(-1)}, Shape{1, whole.dim(-1)}})
      for (const char* op : {"Add", "Sub", "Mul", "Div"})
        for (const bool row_first : {false, true}) {
          std::vector inputs = {RandomFloats(whole, rng), RandomFloats(row, rng, 0.5f, 2.0f)};
          if (row_first) std::swap(inputs[0], inputs[1]);
          const auto run = RunOp(op, {}, inputs, 13, 1, KernelChoice::kOneDnn);
          ASSERT_TRUE(run.ok()) << run.status().message();
          EXPECT_EQ(run->implementation, "row by row");
          EXPECT_EQ(Elements<float>(run->outputs[0]),
                    Elements<float>(RunOp(op, {}, inputs, 13)->outputs[0]))
              << op << whole.ToString();
        }
}

// Whole numbers, so that no sum is rounded, whatever its order.
TEST(OneDnn, MeansOfRowsAndSquaresAreThoseOfTheReference) {
  Rng rng(7);
  for (const Shape& shape : {Shape{3, 120}, Shape{2, 4, 33}, Shape{5, 1}, Shape{40, 7}}) {
    Tensor x = RandomFloats(shape, rng, -8.0f, 8.0f);
    for (int64_t i = 0; i < shape.NumElements(); ++i)
      x.mutable_data<float>()[i] = std::floor(x.data<float>()[i]);
    x.mutable_data<float>()[shape.NumElements() - 1] = std::numeric_limits<float>::quiet_NaN();
    for (const bool of_all : {false, true}) {
      const Attributes axes = of_all ? Attributes{} : With({{"axes", Dims{-1}}});
      const auto mean = RunOp("ReduceMean", axes, {x}, 13, 1, KernelChoice::kOneDnn);
      ASSERT_TRUE(mean.ok()) << mean.status().message();
      EXPECT_EQ(mean->implementation, "mean of a row");
      ExpectSame(RunOp("ReduceMean", axes, {x}, 13)->outputs[0], mean->outputs[0]);
    }
    const auto square = RunOp("Pow", {}, {x, Scalar(2)}, 13, 1, KernelChoice::kOneDnn);
    EXPECT_EQ(square->implementation, "square");
    ExpectSame(RunOp("Pow", {}, {x, Scalar(2)}, 13)->outputs[0], square->outputs[0]);
    EXPECT_EQ(RunOp("Pow", {}, {x, Scalar(3)}, 13, 1, KernelChoice::kOneDnn)->implementation,
              "reference");
  }
  const Tensor x = RandomFloats({4, 5, 6}, rng);
  EXPECT_EQ(RunOp("ReduceMean", With({{"axes", Dims{1}}}), {x}, 13, 1, KernelChoice::kOneDnn)
                ->implementation,
            "reference");
}

// Nothing is divided by the columns that there are not.
TEST(OneDnn, AnEpilogueOfNoColumnsIsForTheReference) {
  Rng rng(8);
  const Attributes none;
  const std::vector<Tensor> inputs = {RandomFloats({3, 2}, rng), RandomFloats({2, 0}, rng)};
  OpCall call = CallWith("Gemm", none, inputs, 11, 1);
  const TensorSpec output{DType::kFloat32, {3, 0}};
  call.epilogue.push_back({"r", "Relu", none, 11, {output}, {nullptr}, {true}});
  const auto kernel = MakeKernel(call, {&output, 1}, KernelChoice::kOneDnn);
  ASSERT_TRUE(kernel.ok()) << kernel.status().message();
  EXPECT_EQ((*kernel)->implementation(), "reference, reference");
}

// A mean that is large beside the deviation cancels nothing.
TEST(OneDnn, ALargeMeanIsTakenAwayFirst) {
  const std::vector inputs = {Floats({1, 1, 1, 2}, {1000.003f, 999.997f}), Floats({1}, {1}),
                              Floats({1}, {0}), Floats({1}, {1000}), Floats({1}, {9e-6f})};
  const auto expected = RunOp("BatchNormalization", {}, inputs, 13);
  const auto run = RunOp("BatchNormalization", {}, inputs, 13, 1, KernelChoice::kOneDnn);
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_EQ(run->implementation, "scale and shift");
  ExpectClose(expected->outputs[0], run->outputs[0], "a mean of 1000");
}

TEST(OneDnn, NoMemoryIsNoDefect) {
  EXPECT_EQ(StatusOf(dnnl::error(dnnl_out_of_memory, "no memory")).code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(StatusOf(dnnl::error(dnnl_runtime_error, "else")).code(), StatusCode::kInternal);
}

TEST(OneDnn, WarmUpMayBeRepeated) {
  EXPECT_TRUE(WarmUpOneDnn().ok());
  EXPECT_TRUE(WarmUpOneDnn().ok());
}

// One kernel that needs scratch memory runs on several threads. The answers are right only because
// each thread brings scratch of its own.
TEST(OneDnn, OneKernelServesManyThreads) {
  ASSERT_TRUE(WarmUpOneDnn().ok());
  Rng rng(7);
  const Attributes attributes = With({{"pads", Dims{1, 1, 1, 1}}});
  const Tensor weights = RandomFloats({16, 16, 3, 3}, rng);
  const Tensor first = RandomFloats({1, 16, 20, 20}, rng);
  const std::vector<Tensor> call_inputs = {first, weights};
  const OpCall call = CallWith("Conv", attributes, call_inputs, 11, 1);
  const auto kernel = MakeKernel(call, InferOp(call).value(), KernelChoice::kOneDnn).value();
  ASSERT_GT(kernel->scratch_bytes(), 0u) << "this test needs a kernel that uses scratch";
  struct Request {
    std::vector<Tensor> inputs;
    Tensor expected, found;
    int wrong = 0;
  };
  std::vector<Request> requests(4);
  for (Request& request : requests) {
    request.inputs = {RandomFloats({1, 16, 20, 20}, rng), weights};
    request.expected =
        RunOp("Conv", attributes, request.inputs, 11, 1, KernelChoice::kOneDnn)->outputs[0];
    request.found = Tensor::Allocate(request.expected.spec()).value();
  }
  std::vector<Thread> threads(requests.size());
  for (size_t i = 0; i < threads.size(); ++i)
    ASSERT_TRUE(threads[i]
                    .Start("conv",
                           [&kernel, request = &requests[i]] {
                             const auto scratch = HostBlock::Allocate(kernel->scratch_bytes());
                             const auto state = kernel->MakeState();
                             for (int round = 0; round < 50; ++round) {
                               kernel->Run(request->inputs, {&request->found, 1},
                                           {.scratch = (*scratch)->data(), .state = state.get()});
                               request->wrong += Elements<float>(request->found) !=
                                                 Elements<float>(request->expected);
                             }
                           })
                    .ok());
  for (Thread& thread : threads) thread.Join();
  for (const Request& request : requests) EXPECT_EQ(request.wrong, 0);
}

}  // namespace
}  // namespace tenter
