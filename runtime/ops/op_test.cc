#include "runtime/ops/op.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/ops/testing.h"

namespace tenter {
namespace {

TEST(Attributes, AnswerByTypeAndRefuseTheWrongOne) {
  const Attributes attributes = With({{"group", int64_t{4}}, {"mode", std::string("edge")}});
  EXPECT_EQ(attributes.Int("group", 1).value(), 4);
  EXPECT_EQ(attributes.Int("absent", 7).value(), 7);
  EXPECT_EQ(attributes.Ints("absent", {1, 2}).value(), (std::vector<int64_t>{1, 2}));
  const auto wrong = attributes.Int("mode", 0);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.status().ToString(),
            "invalid_argument: attribute mode is of type string, expected int");
  EXPECT_EQ(attributes.Print("group"), "4");
  EXPECT_EQ(With({{"x", std::vector<float>{0.5f, 2.0f}}}).Print("x"), "[0.5,2]");
}

TEST(OpTable, EveryOpOccursOnceAndCanBeFound) {
  const std::vector<std::string_view> names = SupportedOps();
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  EXPECT_GE(names.size(), 45u);
  for (const std::string_view name : names) {
    const OpType* op = FindOp(name);
    ASSERT_NE(op, nullptr) << name;
    EXPECT_NE(op->infer, nullptr) << name;
    EXPECT_NE(op->make_reference, nullptr) << name;
    EXPECT_LE(op->inputs_min, op->inputs_max) << name;
  }
  EXPECT_EQ(FindOp("LSTM"), nullptr);
}

TEST(OpTable, NamesEveryUnsupportedPart) {
  using Parts = std::vector<std::string>;
  EXPECT_EQ(UnsupportedParts("LSTM", {}, 11, 1, 1), Parts{"op LSTM"});
  EXPECT_EQ(UnsupportedParts("HardSwish", {}, 11, 1, 1), Parts{"op HardSwish of opset 11"});
  EXPECT_EQ(UnsupportedParts("MaxPool", {}, 11, 1, 2), Parts{"op MaxPool with 2 outputs"});
  const Attributes pad = With({{"mode", std::string("reflect")}, {"odd", int64_t{1}}});
  EXPECT_EQ(UnsupportedParts("Pad", pad, 11, 2, 1),
            (Parts{"attribute mode=reflect of Pad", "attribute odd=1 of Pad"}));
  EXPECT_TRUE(UnsupportedParts("Pad", With({{"mode", std::string("constant")}}), 11, 2, 1).empty());
}

TEST(OpTable, ErrorsNameOpNodeAndShapes) {
  const Tensor image = Floats({1, 1, 2, 2}, {1, 2, 3, 4});
  const Tensor weights = Floats({1, 2, 1, 1}, {1, 1});
  const auto run = RunOp("Conv", {}, {image, weights});
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.status().ToString(),
            "invalid_argument: Conv (node 'n1') of float32[1,1,2,2], float32[1,2,1,1]: "
            "the channels do not fit (1 groups)");
  const auto missing = RunOp("Add", {}, {image, Tensor()});
  EXPECT_NE(missing.status().message().find("input 1 is missing"), std::string::npos);
}

// Shapes out of a damaged model file must be refused, not computed with.
TEST(OpTable, SizesThatOverflowAreRefused) {
  const Attributes none;
  const int64_t huge = int64_t{1} << 40;
  const TensorSpec column{DType::kFloat32, {huge, 1}}, row{DType::kFloat32, {1, huge}};
  const OpCall call{"n1", "MatMul", none, 11, {column, row}, {nullptr, nullptr}, {true, true}};
  EXPECT_EQ(InferOp(call).status().code(), StatusCode::kOutOfRange);
  const Tensor image = Floats({1, 1, 2, 2}, {1, 2, 3, 4});
  const int64_t limit = INT64_MAX;
  for (const char* name : {"strides", "dilations"}) {
    const Attributes attributes = With({{name, std::vector<int64_t>{limit, limit}}});
    EXPECT_EQ(RunOp("Conv", attributes, {image, Floats({1, 1, 1, 1}, {1})}).status().code(),
              StatusCode::kInvalidArgument);
  }
  const std::vector<int64_t> pads(8, limit);
  EXPECT_EQ(RunOp("Pad", {}, {image, Ints(pads)}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(RunOp("Reshape", {}, {image, Ints({limit, limit, -1})}).ok());
  EXPECT_FALSE(RunOp("ConstantOfShape", {}, {Ints({limit, 4})}).ok());
  EXPECT_FALSE(RunOp("ConstantOfShape", {}, {Ints({-3})}).ok());
}

}  // namespace
}  // namespace tenter
