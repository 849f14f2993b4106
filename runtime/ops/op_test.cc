#include "runtime/ops/op.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "runtime/ops/broadcast.h"
#include "runtime/ops/strided_copy.h"
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

// Against the walk that it stands for, with axes longer than a tile, stretched, backwards, of one
// element and in any order.
TEST(StridedCopy, CopiesWhatTheWalkVisits) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Rng rng(seed);
    std::vector<int64_t> dims, strides;
    int64_t reach = 1, start = 0;
    for (uint64_t axes = rng.Below(4); axes > 0; --axes) {
      dims.push_back(static_cast<int64_t>(rng.Below(rng.Chance(30) ? 40 : 5)) +
                     (rng.Chance(95) ? 1 : 0));
      strides.push_back(rng.Chance(20) ? 0 : reach);
      reach *= std::max<int64_t>(dims.back(), 1);
    }
    for (size_t i = 0; i < dims.size(); ++i) {
      const size_t other = rng.Below(dims.size());
      std::swap(dims[i], dims[other]);
      std::swap(strides[i], strides[other]);
      if (!rng.Chance(20) || dims[i] == 0) continue;
      start += strides[i] * (dims[i] - 1);
      strides[i] = -strides[i];
    }
    std::vector<uint32_t> source(static_cast<size_t>(2 * reach) + 1);
    std::iota(source.begin(), source.end(), 1u);
    std::vector<uint32_t> expected(static_cast<size_t>(Shape(dims).NumElements()));
    std::vector<uint32_t> found(expected.size());
    WalkStrided(dims, strides, start, [&](int64_t position, int64_t offset) {
      expected[static_cast<size_t>(position)] = source[static_cast<size_t>(offset)];
    });
    CopyStrided(source.data(), found.data(), sizeof(uint32_t), dims, strides, start);
    ASSERT_EQ(found, expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tenter
