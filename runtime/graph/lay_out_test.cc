// Each test draws what the rewrite does, before and after; and random graphs answer the same.
#include "runtime/graph/lay_out.h"

#include <gtest/gtest.h>

#include "runtime/graph/run_graph.h"
#include "runtime/graph/same_answers.h"
#include "runtime/graph/testing.h"

namespace tenter {
namespace {

using Names = std::vector<std::string>;
using Dims = std::vector<int64_t>;

TensorSpec Image(int64_t channels, int64_t size = 6) {
  return {DType::kFloat32, {2, channels, size, size}};
}

Graph LaidOut(Graph graph) {
  const Status status = LayOut(graph);
  EXPECT_TRUE(status.ok()) << status.message();
  return graph;
}

class LayOutTest : public testing::Test {
 protected:
  Rng rng{3};
  GraphBuilder build;

  int Conv(int image, int64_t from, int64_t to, int64_t kernel = 3) {
    return build.Add("Conv", {image, build.Constant(RandomFloats({to, from, kernel, kernel}, rng))},
                     With({{"pads", Dims(4, kernel / 2)}}));
  }
};

// x -> Conv -> Relu -> Conv -> y   becomes   x -> turn -> Conv -> Relu -> Conv -> turn -> y
TEST_F(LayOutTest, AChainIsTurnedAtItsEnds) {
  const int x = build.Input("x", Image(3));
  build.Output(Conv(build.Add("Relu", {Conv(x, 3, 8)}), 8, 4), "y");
  const Graph before = Special(build.graph), after = LaidOut(before);
  EXPECT_EQ(OpTypes(after), (Names{"Transpose", "Conv", "Relu", "Conv", "Transpose"}));
  EXPECT_EQ(after.nodes[2].shapes, "(float32[2,8,6,6])");  // as the model has it
  EXPECT_EQ(after.values[static_cast<size_t>(after.nodes[2].inputs[0])].spec->shape,
            (Shape{2, 6, 6, 8}));
  EXPECT_EQ(after.values[static_cast<size_t>(after.outputs[0])].name, "y");
  EXPECT_TRUE(after.nodes[0].of_plan);
  EXPECT_FALSE(after.nodes[1].of_plan);
  ExpectSameAnswers(before, after, rng);
}

// What has no convolution stays as it is.
TEST_F(LayOutTest, NothingIsTurnedForAPooling) {
  const int x = build.Input("x", Image(3));
  build.Output(
      build.Add("MaxPool", {build.Add("Relu", {x})}, With({{"kernel_shape", Dims{2, 2}}})));
  const Graph before = Special(build.graph);
  EXPECT_EQ(OpTypes(LaidOut(before)), (Names{"Relu", "MaxPool"}));
}

// A value is turned once for all its readers, and an output of the graph that is read inside once.
TEST_F(LayOutTest, NothingIsTurnedTwice) {
  const int x = build.Input("x", Image(3));
  const int inner = Conv(x, 3, 4);
  build.Output(inner, "inner");
  const int flat = build.Add("Flatten", {inner}), softmax = build.Add("Softmax", {inner});
  build.Output(
      build.Add("Concat", {Conv(x, 3, 2), Conv(inner, 4, 3)}, With({{"axis", int64_t{-3}}})),
      "joined");
  build.Output(flat);
  build.Output(softmax);
  const Graph before = Special(build.graph), after = LaidOut(before);
  EXPECT_EQ(OpTypes(after), (Names{"Transpose", "Conv", "Transpose", "Flatten", "Softmax", "Conv",
                                   "Conv", "Concat", "Transpose"}));
  ExpectSameAnswers(before, after, rng);
}

// One number, a constant per channel and a gate per channel go along; a constant image does not.
TEST_F(LayOutTest, OperandsThatAreStretched) {
  const int x = build.Input("x", Image(3));
  int image = build.Add("Mul", {build.Add("Tanh", {Conv(x, 3, 4)}), build.Constant(Scalar(2))});
  image = build.Add("Sub", {build.Constant(RandomFloats({4, 1, 1}, rng)), image});
  image = build.Add("Add", {image, build.Constant(RandomFloats({1, 1, 6, 6}, rng))});
  const int gate = build.Add("Sigmoid", {Conv(build.Add("GlobalAveragePool", {image}), 4, 4, 1)});
  image = build.Add("Mul", {image, gate});
  build.Output(build.Add("Add", {image, build.Constant(RandomFloats({4, 6, 6}, rng))}));
  const Graph before = Special(build.graph), after = LaidOut(before);
  EXPECT_EQ(OpTypes(after), (Names{"Transpose", "Conv", "Tanh", "Mul", "Sub", "Add",
                                   "GlobalAveragePool", "Conv", "Sigmoid", "Mul", "Transpose",
                                   "Add"}));
  ExpectSameAnswers(before, after, rng);
}

// A pooling of which the library has no kernel: it is turned inside, with an image that is not
// square.
TEST_F(LayOutTest, AKernelThatOnlyKnowsTheChannelsFirst) {
  const int x = build.Input("x", {DType::kFloat32, {2, 3, 6, 5}});
  build.Output(build.Add("AveragePool", {Conv(x, 3, 4)},
                         With({{"kernel_shape", Dims{2, 2}},
                               {"strides", Dims{3, 3}},
                               {"pads", Dims{1, 1, 1, 1}},
                               {"ceil_mode", int64_t{1}},
                               {"count_include_pad", int64_t{1}}})));
  const Graph before = Special(build.graph), after = LaidOut(before);
  EXPECT_EQ(OpTypes(after), (Names{"Transpose", "Conv", "AveragePool", "Transpose"}));
  ExpectSameAnswers(before, after, rng);
}

// A BatchNormalization that no Conv takes in has a factor and an offset per channel, in either
// layout.
TEST_F(LayOutTest, ABatchNormalizationGoesAlong) {
  const int x = build.Input("x", Image(3));
  const auto normalised = [&](int image, int64_t channels) {
    std::vector<int> inputs = {image};
    for (int i = 0; i < 4; ++i)
      inputs.push_back(build.Constant(RandomFloats({channels}, rng, 0.5f, 2.0f)));
    return build.Add("BatchNormalization", inputs);
  };
  const int image = build.Add("Relu", {Conv(normalised(x, 3), 3, 4)});
  build.Output(normalised(image, 4));
  const Graph before = Special(build.graph), after = LaidOut(before);
  EXPECT_EQ(OpTypes(after), (Names{"BatchNormalization", "Transpose", "Conv", "Relu",
                                   "BatchNormalization", "Transpose"}));
  const auto kernels = MakeKernels(after, KernelChoice::kOneDnn).value();
  EXPECT_EQ(kernels[0]->implementation(), "scale and shift");
  EXPECT_EQ(kernels[4]->implementation(), "scale and shift");
  ExpectSameAnswers(before, after, rng);
}

// Weights that come to depend on the shapes of a plan go with it, though its bias is a parameter:
// others may come to lie where they lay, and would be taken for them.
TEST_F(LayOutTest, WeightsOfAPlanAreNotKeptByTheModel) {
  build = GraphBuilder(13);
  const int x = build.Input("x", Image(3));
  const int height = build.Add("Gather", {build.Add("Shape", {x}), build.Constant(Ints({2}))});
  const int scale = build.Add("Cast", {height}, With({{"to", int64_t{1}}}));
  const int weights = build.Add("Mul", {build.Constant(RandomFloats({4, 3, 3, 3}, rng)), scale});
  const int bias = build.Constant(RandomFloats({4}, rng));
  build.Output(build.Add("Conv", {x, weights, bias}));
  const Graph before = Special(build.graph), after = LaidOut(before);
  ASSERT_EQ(OpTypes(after), (Names{"Transpose", "Conv", "Transpose"}));
  ASSERT_TRUE(MakeKernels(after, KernelChoice::kOneDnn).ok());
  EXPECT_EQ(PackedBytes(*after.packed), 0u);
  ExpectSameAnswers(before, after, rng);
}

// What is refused when kernels are made tells the shapes of the model, not how they lie (COP-5).
TEST_F(LayOutTest, RefusalsTellTheShapesOfTheModel) {
  const int x = build.Input("x", Image(3)), bound = build.Input("low", {DType::kFloat32, {1}});
  build.Output(build.Add("Clip", {Conv(x, 3, 4), bound}));
  const auto kernels = MakeKernels(LaidOut(Special(build.graph)), KernelChoice::kOneDnn);
  ASSERT_FALSE(kernels.ok());
  EXPECT_EQ(kernels.status().message(),
            "Clip (node 'n1') of float32[2,4,6,6], float32[1]: a bound that depends on the data");
}

// Random chains and branches, with every op that goes along, of every kind of window, and with
// others between them. A failure prints the round; the rounds are always the same.
TEST_F(LayOutTest, RandomGraphsAnswerTheSame) {
  for (uint64_t round = 0; round < 60; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    rng = Rng(round);
    build = GraphBuilder(13);
    std::vector<int> images = {build.Input("x", Image(4)), build.Input("z", Image(4))};
    for (int i = 0; i < 8; ++i) {
      const int a = images[rng.Below(images.size())], b = images[rng.Below(images.size())];
      const int64_t groups = int64_t{1} << rng.Below(3);
      switch (rng.Below(8)) {
        case 0:
        case 1:
          images.push_back(build.Add(
              "Conv", {a, build.Constant(RandomFloats({4, 4 / groups, 3, 3}, rng, -0.3f, 0.3f))},
              With({{"pads", Dims{1, 1, 1, 1}}, {"group", groups}})));
          break;
        case 2:
          images.push_back(
              build.Add(rng.Chance(50) ? "MaxPool" : "AveragePool", {a},
                        With({{"kernel_shape", Dims{3, 3}}, {"pads", Dims{1, 1, 1, 1}}})));
          break;
        case 3:
          images.push_back(build.Add(rng.Chance(50) ? "Mul" : "Max", {a, b}));
          break;
        case 4:
          images.push_back(build.Add("Mul", {build.Add("GlobalAveragePool", {a}), b}));
          break;
        case 5:
          images.push_back(build.Add("Softmax", {a}, With({{"axis", int64_t{1}}})));
          break;
        case 6: {
          const int joined = build.Add("Concat", {a, b}, With({{"axis", int64_t{1}}}));
          images.push_back(build.Add(
              "Conv", {joined, build.Constant(RandomFloats({4, 8, 1, 1}, rng, -0.3f, 0.3f))}));
          break;
        }
        default:
          images.push_back(build.Add(rng.Chance(50) ? "Tanh" : "Relu", {a}));
      }
      if (rng.Chance(20)) build.Output(images.back());
    }
    build.Output(build.Add("Identity", {images.back()}));
    const Graph before = Special(build.graph);
    ExpectSameAnswers(before, LaidOut(before), rng);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace tenter
