#include "runtime/graph/fusion/scale.h"

#include <gtest/gtest.h>

#include <limits>

#include "runtime/graph/same_answers.h"

namespace tenter {
namespace {

using Names = std::vector<std::string>;

class ScaleTest : public testing::Test {
 protected:
  Rng rng{7};
  GraphBuilder build{13};

  int Image() { return build.Input("x", {DType::kFloat32, {2, 4, 5, 3}}); }
  int Numbers(const Shape& shape) { return build.Constant(RandomFloats(shape, rng)); }
  int Normalised(int x) {
    return build.Add("BatchNormalization", {x, Numbers({4}), Numbers({4}), Numbers({4}),
                                            build.Constant(RandomFloats({4}, rng, 0.5f, 2.0f))});
  }
  void ExpectOps(const Names& names) {
    const Graph before = Special(build.graph);
    Graph after = before;
    ASSERT_TRUE(FoldScale(after).ok());
    EXPECT_EQ(OpTypes(after), names);
    ExpectSameAnswers(before, after, rng);
  }
};

// BatchNormalization -> Mul -> Add   becomes   BatchNormalization
TEST_F(ScaleTest, ThreeNodesAreOne) {
  const int product = build.Add("Mul", {Normalised(Image()), Numbers({4, 1, 1})});
  build.Output(build.Add("Relu", {build.Add("Add", {Numbers({1, 4, 1, 1}), product})}), "y");
  ExpectOps({"BatchNormalization", "Relu"});
  Graph after = Special(build.graph);
  ASSERT_TRUE(FoldScale(after).ok());
  const std::vector<ModelNode> nodes = ModelNodesOf(after.nodes[0]);
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[0].op_type + nodes[1].op_type + nodes[2].op_type, "BatchNormalizationMulAdd");
}

TEST_F(ScaleTest, OneNumberIsForAllChannels) {
  build.Output(build.Add("Mul", {Normalised(Image()), build.Constant(Scalar(-2))}), "y");
  ExpectOps({"BatchNormalization"});
}

// A product that makes more of the image, or gives it another axis, is no scale.
TEST_F(ScaleTest, WhatChangesTheShapeStays) {
  const int x = build.Input("x", {DType::kFloat32, {2, 1, 5, 3}});
  const int normalised =
      build.Add("BatchNormalization", {x, Numbers({1}), Numbers({1}), Numbers({1}),
                                       build.Constant(RandomFloats({1}, rng, 0.5f, 2.0f))});
  build.Output(build.Add("Mul", {normalised, Numbers({4, 1, 1})}), "y");
  build.Output(build.Add("Add", {Normalised(build.Input("z", {DType::kFloat32, {2, 4, 5, 3}})),
                                 Numbers({1, 1, 1, 1, 1})}),
               "w");
  ExpectOps({"BatchNormalization", "Mul", "BatchNormalization", "Add"});
}

// The factor of the kernel is scale / sqrt(variance + epsilon).
TEST_F(ScaleTest, AFactorThatOverflowsStays) {
  const auto one = [&](float value) { return build.Constant(Floats({1}, {value})); };
  const int x = build.Input("x", {DType::kFloat32, {1, 1, 1, 2}});
  const int normalised = build.Add("BatchNormalization", {x, one(1e30f), one(0), one(0), one(0)});
  build.Output(build.Add("Mul", {normalised, build.Constant(Scalar(1e7f))}), "y");
  ExpectOps({"BatchNormalization", "Mul"});
}

// What is no number per channel, is read by others, or would not be finite.
TEST_F(ScaleTest, NearMissesStay) {
  const int x = Image();
  build.Output(build.Add("Mul", {Normalised(x), Numbers({5, 3})}), "image");
  build.Output(build.Add("Mul", {Normalised(x), Numbers({2, 4, 1, 1})}), "each image");
  build.Output(build.Add("Add", {Normalised(x), Numbers({3})}), "columns");
  build.Output(build.Add("Add", {Normalised(x), x}), "a value");
  const int read = Normalised(x);
  build.Output(build.Add("Mul", {read, Numbers({4, 1, 1})}), "twice");
  build.Output(read, "read");
  build.Output(build.Add("Mul", {Normalised(x),
                                 build.Constant(Scalar(std::numeric_limits<float>::infinity()))}),
               "infinite");
  const Graph before = Special(build.graph);
  Graph after = before;
  ASSERT_TRUE(FoldScale(after).ok());
  EXPECT_EQ(OpTypes(after), OpTypes(before));
}

}  // namespace
}  // namespace tenter
