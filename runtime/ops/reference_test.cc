// Every reference kernel against small cases that were computed by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "runtime/ops/testing.h"

namespace tenter {
namespace {

using Values = std::vector<float>;
using Dims = std::vector<int64_t>;

struct Case {
  std::string op;
  Attributes attributes;
  std::vector<Tensor> inputs;
  Shape shape;
  Values expected;
  int opset = 11;
};

void Expect(const Case& c) {
  SCOPED_TRACE(c.op);
  const auto run = RunOp(c.op, c.attributes, c.inputs, c.opset);
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  ASSERT_EQ(run->outputs[0].shape().ToString(), c.shape.ToString());
  const Values found = Elements<float>(run->outputs[0]);
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], c.expected[i], 1e-5f) << "element " << i;
}

std::vector<int64_t> ExpectInts(const std::string& op, const Attributes& attributes,
                                const std::vector<Tensor>& inputs, int opset = 11) {
  const auto run = RunOp(op, attributes, inputs, opset);
  EXPECT_TRUE(run.ok()) << run.status().ToString();
  return run.ok() ? Elements<int64_t>(run->outputs[0]) : std::vector<int64_t>{};
}

TEST(Reference, Unary) {
  const Tensor x = Floats({4}, {-2, -0.5, 0, 3});
  Expect({"Relu", {}, {x}, {4}, {0, 0, 0, 3}});
  Expect({"Sigmoid", {}, {x}, {4}, {0.1192029f, 0.3775407f, 0.5f, 0.9525741f}});
  Expect({"Tanh", {}, {x}, {4}, {-0.9640276f, -0.4621172f, 0, 0.9950547f}});
  Expect({"Exp", {}, {x}, {4}, {0.1353353f, 0.6065307f, 1, 20.0855369f}});
  Expect({"Neg", {}, {x}, {4}, {2, 0.5, 0, -3}});
  Expect({"Abs", {}, {x}, {4}, {2, 0.5, 0, 3}});
  Expect({"LeakyRelu", With({{"alpha", 0.1f}}), {x}, {4}, {-0.2f, -0.05f, 0, 3}});
  Expect({"LeakyRelu", {}, {x}, {4}, {-0.02f, -0.005f, 0, 3}});
  Expect({"HardSigmoid", {}, {x}, {4}, {0.1f, 0.4f, 0.5f, 1}});
  Expect({"HardSigmoid", With({{"alpha", 0.5f}, {"beta", 0.25f}}), {x}, {4}, {0, 0, 0.25f, 1}});
  Expect({"HardSwish", {}, {x}, {4}, {-0.3333333f, -0.2083333f, 0, 3}, 14});
  const Tensor positive = Floats({3}, {0.25f, 1, 4});
  Expect({"Sqrt", {}, {positive}, {3}, {0.5f, 1, 2}});
  Expect({"Log", {}, {positive}, {3}, {-1.3862944f, 0, 1.3862944f}});
  Expect({"Reciprocal", {}, {positive}, {3}, {4, 1, 0.25f}});
}

TEST(Reference, ClipTakesBoundsFromWhereTheOpsetHasThem) {
  const Tensor x = Floats({3}, {-5, 0.5f, 9});
  Expect({"Clip", With({{"min", 0.0f}, {"max", 6.0f}}), {x}, {3}, {0, 0.5f, 6}, 6 + 1});
  Expect({"Clip", {}, {x, Scalar(0), Scalar(6)}, {3}, {0, 0.5f, 6}});
  Expect({"Clip", {}, {x, Tensor(), Scalar(6)}, {3}, {-5, 0.5f, 6}});
  Expect({"Clip", {}, {x}, {3}, {-5, 0.5f, 9}});
}

TEST(Reference, BinaryBroadcastsAsNumpyDoes) {
  const Tensor a = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor row = Floats({3}, {10, 20, 30});
  const Tensor column = Floats({2, 1}, {100, 200});
  Expect({"Add", {}, {a, row}, {2, 3}, {11, 22, 33, 14, 25, 36}});
  Expect({"Sub", {}, {column, row}, {2, 3}, {90, 80, 70, 190, 180, 170}});
  Expect({"Mul", {}, {a, column}, {2, 3}, {100, 200, 300, 800, 1000, 1200}});
  Expect({"Div", {}, {a, Scalar(2)}, {2, 3}, {0.5f, 1, 1.5f, 2, 2.5f, 3}});
  Expect({"Pow", {}, {a, Scalar(2)}, {2, 3}, {1, 4, 9, 16, 25, 36}});
  Expect({"Sum", {}, {a, row, column}, {2, 3}, {111, 122, 133, 214, 225, 236}});
  Expect({"Max", {}, {a, Floats({3}, {3, 3, 3})}, {2, 3}, {3, 3, 3, 4, 5, 6}});
  Expect({"Min", {}, {a, Floats({3}, {3, 3, 3})}, {2, 3}, {1, 2, 3, 3, 3, 3}});
  EXPECT_FALSE(RunOp("Add", {}, {a, Floats({2}, {1, 2})}).ok());
}

TEST(Reference, IntegersWrapAndRefuseDivisionByZero) {
  const int64_t least = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(ExpectInts("Sub", {}, {Ints({least, 7}), Ints({1, 2})}), (Dims{INT64_MAX, 5}));
  EXPECT_EQ(ExpectInts("Div", {}, {Ints({least, 7}), Ints({-1, 2})}), (Dims{least, 3}));
  const auto zero = RunOp("Div", {}, {Ints({1}), Ints({0})});
  EXPECT_EQ(zero.status().code(), StatusCode::kInvalidArgument);
}

TEST(Reference, ConvolutionWithPaddingAndStride) {
  const Tensor image = Floats({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Tensor ones = Floats({1, 1, 2, 2}, {1, 1, 1, 1});
  Expect({"Conv", {}, {image, ones}, {1, 1, 2, 2}, {12, 16, 24, 28}});
  Expect({"Conv", {}, {image, Floats({1, 1, 2, 2}, {1, 2, 3, 4}), Floats({1}, {0.5f})},
          {1, 1, 2, 2}, {37.5f, 47.5f, 67.5f, 77.5f}});
  const Attributes padded = With({{"pads", Dims{1, 1, 0, 0}}, {"strides", Dims{2, 2}}});
  Expect({"Conv", padded, {image, ones}, {1, 1, 2, 2}, {1, 5, 11, 28}});
  const Attributes dilated = With({{"dilations", Dims{2, 2}}});
  Expect({"Conv", dilated, {image, ones}, {1, 1, 1, 1}, {20}});
  const Attributes upper = With({{"auto_pad", std::string("SAME_UPPER")}});
  Expect({"Conv", upper, {image, ones}, {1, 1, 3, 3}, {12, 16, 9, 24, 28, 15, 15, 17, 9}});
  const Attributes lower = With({{"auto_pad", std::string("SAME_LOWER")}});
  Expect({"Conv", lower, {image, ones}, {1, 1, 3, 3}, {1, 3, 5, 5, 12, 16, 11, 24, 28}});
}

TEST(Reference, ConvolutionKeepsGroupsChannelsAndBatchApart) {
  const Tensor image = Floats({2, 2, 1, 2}, {1, 2, 10, 20, 3, 4, 30, 40});
  const Tensor depthwise = Floats({2, 1, 1, 1}, {2, 3});
  Expect({"Conv", With({{"group", int64_t{2}}}), {image, depthwise}, {2, 2, 1, 2},
          {2, 4, 30, 60, 6, 8, 90, 120}});
  const Tensor mixing = Floats({1, 2, 1, 1}, {1, 0.5f});
  Expect({"Conv", {}, {image, mixing}, {2, 1, 1, 2}, {6, 12, 18, 24}});
  // One spatial axis.
  Expect({"Conv", {}, {Floats({1, 1, 4}, {1, 2, 3, 4}), Floats({1, 1, 2}, {1, -1})}, {1, 1, 3},
          {-1, -1, -1}});
}

TEST(Reference, Pooling) {
  const Tensor image = Floats({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Attributes two = With({{"kernel_shape", Dims{2, 2}}});
  Expect({"MaxPool", two, {image}, {1, 1, 2, 2}, {5, 6, 8, 9}});
  Expect({"AveragePool", two, {image}, {1, 1, 2, 2}, {3, 4, 6, 7}});
  Expect({"GlobalAveragePool", {}, {image}, {1, 1, 1, 1}, {5}});
  const Attributes ceil = With(
      {{"kernel_shape", Dims{2, 2}}, {"strides", Dims{2, 2}}, {"ceil_mode", int64_t{1}}});
  Expect({"MaxPool", ceil, {image}, {1, 1, 2, 2}, {5, 6, 8, 9}});
  Expect({"AveragePool", ceil, {image}, {1, 1, 2, 2}, {3, 4.5f, 7.5f, 9}});
  Attributes padded = With({{"kernel_shape", Dims{2, 2}},
                            {"strides", Dims{2, 2}},
                            {"pads", Dims{1, 1, 0, 0}}});
  Expect({"AveragePool", padded, {image}, {1, 1, 2, 2}, {1, 2.5f, 5.5f, 7}});
  Expect({"MaxPool", padded, {image}, {1, 1, 2, 2}, {1, 3, 7, 9}});
  padded.Set("count_include_pad", int64_t{1});
  Expect({"AveragePool", padded, {image}, {1, 1, 2, 2}, {0.25f, 1.25f, 2.75f, 7}});
  const Attributes dilated = With({{"kernel_shape", Dims{2, 2}}, {"dilations", Dims{2, 2}}});
  Expect({"MaxPool", dilated, {Floats({1, 1, 3, 3}, {1, 2, 3, 4, 50, 6, 7, 8, 9})}, {1, 1, 1, 1},
          {9}});
  // With ceil_mode a window that would begin in the trailing padding does not exist.
  const Attributes edge = With({{"kernel_shape", Dims{2}},
                                {"strides", Dims{3}},
                                {"pads", Dims{0, 1}},
                                {"ceil_mode", int64_t{1}}});
  Expect({"MaxPool", edge, {Floats({1, 1, 3}, {1, 2, 3})}, {1, 1, 1}, {2}});
  // Cells that rounding up added count neither as padding nor as data.
  const Attributes counted = With({{"kernel_shape", Dims{2}},
                                   {"strides", Dims{2}},
                                   {"count_include_pad", int64_t{1}},
                                   {"ceil_mode", int64_t{1}}});
  Expect({"AveragePool", counted, {Floats({1, 1, 3}, {1, 2, 3})}, {1, 1, 2}, {1.5f, 3}});
  EXPECT_FALSE(RunOp("MaxPool", {}, {image}).ok()) << "a pooling needs a kernel_shape";
}

TEST(Reference, MatMul) {
  const Tensor a = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor b = Floats({3, 2}, {1, 0, 0, 1, 1, 1});
  Expect({"MatMul", {}, {a, b}, {2, 2}, {4, 5, 10, 11}});
  Expect({"MatMul", {}, {Floats({3}, {1, 2, 3}), b}, {2}, {4, 5}});
  Expect({"MatMul", {}, {a, Floats({3}, {1, 1, 1})}, {2}, {6, 15}});
  Expect({"MatMul", {}, {Floats({2, 1, 2}, {1, 2, 3, 4}), Floats({2, 1}, {10, 1})}, {2, 1, 1},
          {12, 34}});
  EXPECT_FALSE(RunOp("MatMul", {}, {a, a}).ok());
}

TEST(Reference, Gemm) {
  const Tensor a = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const Tensor b = Floats({2, 3}, {1, 0, 1, 0, 1, 1});
  const Attributes transposed = With({{"transB", int64_t{1}}, {"alpha", 2.0f}, {"beta", 0.5f}});
  Expect({"Gemm", transposed, {a, b, Floats({2}, {10, 20})}, {2, 2}, {13, 20, 25, 32}});
  Expect({"Gemm", With({{"transA", int64_t{1}}}), {a, b}, {3, 3}, {1, 4, 5, 2, 5, 7, 3, 6, 9}});
  Expect({"Gemm", With({{"transB", int64_t{1}}}), {a, b, Floats({2, 1}, {100, 200})}, {2, 2},
          {104, 105, 210, 211}});
}

TEST(Reference, BatchNormalization) {
  const Tensor x = Floats({1, 2, 2}, {1, 2, 3, 4});
  const Tensor scale = Floats({2}, {2, 1}), bias = Floats({2}, {0, 10});
  const Tensor mean = Floats({2}, {1, 3}), variance = Floats({2}, {4, 0.25f});
  Expect({"BatchNormalization", With({{"epsilon", 0.0f}}), {x, scale, bias, mean, variance},
          {1, 2, 2}, {0, 1, 10, 12}});
}

TEST(Reference, SoftmaxFlattensBeforeOpset13) {
  const float third = 1.0f / 3.0f, quarter = 0.25f;
  const Tensor equal = Floats({1, 2, 2}, {7, 7, 7, 7});
  Expect({"Softmax", {}, {equal}, {1, 2, 2}, {quarter, quarter, quarter, quarter}, 11});
  Expect({"Softmax", {}, {equal}, {1, 2, 2}, {0.5f, 0.5f, 0.5f, 0.5f}, 13});
  const Tensor odds = Floats({2, 2}, {0, std::log(2.0f), 1000, 1000});
  Expect({"Softmax", {}, {odds}, {2, 2}, {third, 2 * third, 0.5f, 0.5f}, 13});
  Expect({"Softmax", With({{"axis", int64_t{0}}}), {Floats({2, 1}, {0, std::log(3.0f)})}, {2, 1},
          {0.25f, 0.75f}, 13});
}

TEST(Reference, ReduceMean) {
  const Tensor x = Floats({2, 3}, {1, 2, 3, 4, 5, 9});
  Expect({"ReduceMean", With({{"axes", Dims{1}}}), {x}, {2, 1}, {2, 6}});
  Expect({"ReduceMean", With({{"axes", Dims{-2}}, {"keepdims", int64_t{0}}}), {x}, {3},
          {2.5f, 3.5f, 6}});
  Expect({"ReduceMean", {}, {x}, {1, 1}, {4}});
}

TEST(Reference, ReshapeAndItsRelatives) {
  const Tensor x = Floats({2, 3, 1}, {1, 2, 3, 4, 5, 6});
  const Values same = {1, 2, 3, 4, 5, 6};
  Expect({"Reshape", {}, {x, Ints({0, -1})}, {2, 3}, same});
  Expect({"Reshape", {}, {x, Ints({6})}, {6}, same});
  EXPECT_FALSE(RunOp("Reshape", {}, {x, Ints({4, -1})}).ok());
  EXPECT_FALSE(RunOp("Reshape", {}, {x, Ints({-1, -1})}).ok());
  Expect({"Flatten", {}, {x}, {2, 3}, same});
  Expect({"Flatten", With({{"axis", int64_t{0}}}), {x}, {1, 6}, same});
  Expect({"Squeeze", With({{"axes", Dims{2}}}), {x}, {2, 3}, same});
  Expect({"Squeeze", {}, {x, Ints({-1})}, {2, 3}, same, 13});
  Expect({"Squeeze", {}, {x}, {2, 3}, same});
  EXPECT_FALSE(RunOp("Squeeze", With({{"axes", Dims{1}}}), {x}).ok());
  Expect({"Unsqueeze", With({{"axes", Dims{0, 4}}}), {x}, {1, 2, 3, 1, 1}, same});
  Expect({"Unsqueeze", {}, {x, Ints({0})}, {1, 2, 3, 1}, same, 13});
  Expect({"Identity", {}, {x}, {2, 3, 1}, same});
  Expect({"Dropout", With({{"ratio", 0.5f}}), {x}, {2, 3, 1}, same});
}

TEST(Reference, DropoutMaskIsTrue) {
  const auto run = RunOp("Dropout", {}, {Floats({2}, {1, 2})}, 12, 2);
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(Elements<bool>(run->outputs[1]), (std::vector<bool>{true, true}));
}

TEST(Reference, MakersOfTensors) {
  const Tensor x = Floats({2, 3, 1}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(ExpectInts("Shape", {}, {x}), (Dims{2, 3, 1}));
  EXPECT_EQ(ExpectInts("Shape", With({{"start", int64_t{-2}}}), {x}, 15), (Dims{3, 1}));
  EXPECT_EQ(ExpectInts("Constant", With({{"value_ints", Dims{4, 5}}}), {}, 13), (Dims{4, 5}));
  Expect({"Constant", With({{"value", Floats({1}, {9})}}), {}, {1}, {9}});
  Expect({"Constant", With({{"value_float", 2.5f}}), {}, {}, {2.5f}, 13});
  Expect({"ConstantOfShape", {}, {Ints({2, 1})}, {2, 1}, {0, 0}});
  EXPECT_EQ(ExpectInts("ConstantOfShape", With({{"value", Ints({7})}}), {Ints({3})}),
            (Dims{7, 7, 7}));
}

TEST(Reference, CastIsDefinedForEveryValue) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Tensor x = Floats({5}, {-1.9f, 2.9f, infinity, -infinity, std::nanf("")});
  EXPECT_EQ(ExpectInts("Cast", With({{"to", int64_t{7}}}), {x}),
            (Dims{-1, 2, INT64_MAX, INT64_MIN, 0}));
  const auto run = RunOp("Cast", With({{"to", int64_t{9}}}), {Ints({0, 5})});
  EXPECT_EQ(Elements<bool>(run->outputs[0]), (std::vector<bool>{false, true}));
  Expect({"Cast", With({{"to", int64_t{1}}}), {Ints({3, -4})}, {2}, {3, -4}});
}

TEST(Reference, Movement) {
  const Tensor x = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  Expect({"Transpose", {}, {x}, {3, 2}, {1, 4, 2, 5, 3, 6}});
  Expect({"Transpose", With({{"perm", Dims{0, 1}}}), {x}, {2, 3}, {1, 2, 3, 4, 5, 6}});
  EXPECT_FALSE(RunOp("Transpose", With({{"perm", Dims{0, 0}}}), {x}).ok());
  Expect({"Concat", With({{"axis", int64_t{1}}}), {x, Floats({2, 1}, {7, 8})}, {2, 4},
          {1, 2, 3, 7, 4, 5, 6, 8}});
  Expect({"Concat", With({{"axis", int64_t{-2}}}), {x, Floats({1, 3}, {7, 8, 9})}, {3, 3},
          {1, 2, 3, 4, 5, 6, 7, 8, 9}});
  EXPECT_FALSE(RunOp("Concat", With({{"axis", int64_t{1}}}), {x, Floats({1, 1}, {7})}).ok());
  Expect({"Gather", With({{"axis", int64_t{1}}}), {x, Ints({2, -3})}, {2, 2}, {3, 1, 6, 4}});
  EXPECT_EQ(RunOp("Gather", {}, {x, Ints({2})}).status().code(), StatusCode::kOutOfRange);
  Expect({"Pad", {}, {x, Ints({0, 1, 1, 0}), Scalar(9)}, {3, 4},
          {9, 1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9}});
  Expect({"Pad", {}, {x, Ints({0, -1, 0, 1})}, {2, 3}, {2, 3, 0, 5, 6, 0}});
  Expect({"Pad", With({{"pads", Dims{1, 0, 0, 0}}, {"value", 5.0f}}), {x}, {3, 3},
          {5, 5, 5, 1, 2, 3, 4, 5, 6}, 10});
}

TEST(Reference, SliceFollowsNumpy) {
  const Tensor x = Floats({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  const auto slice = [&](Dims starts, Dims ends, Dims axes, Dims steps) {
    return std::vector<Tensor>{x, Ints(starts), Ints(ends), Ints(axes), Ints(steps)};
  };
  Expect({"Slice", {}, slice({1}, {3}, {1}, {1}), {2, 2}, {2, 3, 6, 7}});
  Expect({"Slice", {}, slice({-1}, {INT64_MIN}, {1}, {-2}), {2, 2}, {4, 2, 8, 6}});
  Expect({"Slice", {}, slice({0, 1}, {INT64_MAX, INT64_MAX}, {0, 1}, {1, 2}), {2, 2},
          {2, 4, 6, 8}});
  Expect({"Slice", {}, slice({3}, {1}, {1}, {1}), {2, 0}, {}});
  // Before the beginning and backwards: a start is clamped to the first element.
  Expect({"Slice", {}, slice({-9}, {INT64_MIN}, {1}, {-1}), {2, 1}, {1, 5}});
  Expect({"Slice", {}, slice({INT64_MIN}, {-3}, {1}, {1}), {2, 1}, {1, 5}});
  Expect({"Slice", With({{"starts", Dims{1}}, {"ends", Dims{2}}}), {x}, {1, 4}, {5, 6, 7, 8}, 9});
  EXPECT_FALSE(RunOp("Slice", {}, slice({0}, {1}, {1}, {0})).ok());
  EXPECT_FALSE(RunOp("Slice", {}, slice({0}, {1}, {2}, {1})).ok());
}

TEST(Reference, Split) {
  const Tensor x = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const Attributes parts = With({{"axis", int64_t{1}}, {"split", Dims{1, 2}}});
  const auto run = RunOp("Split", parts, {x}, 11, 2);
  ASSERT_TRUE(run.ok()) << run.status().ToString();
  EXPECT_EQ(Elements<float>(run->outputs[0]), (Values{1, 4}));
  EXPECT_EQ(Elements<float>(run->outputs[1]), (Values{2, 3, 5, 6}));
  const auto equal = RunOp("Split", {}, {x}, 13, 2);
  ASSERT_TRUE(equal.ok()) << equal.status().ToString();
  EXPECT_EQ(Elements<float>(equal->outputs[1]), (Values{4, 5, 6}));
  EXPECT_FALSE(RunOp("Split", With({{"axis", int64_t{1}}}), {x}, 11, 2).ok());
  EXPECT_FALSE(RunOp("Split", {}, {x, Ints({1, 2})}, 13, 2).ok());
}

}  // namespace
}  // namespace tenter
