// Each test draws what the rewrite does, before and after; and random graphs answer the same.
#include "runtime/graph/fusion/fuse.h"

#include <gtest/gtest.h>

#include <limits>

#include "runtime/graph/fusion/passes.h"
#include "runtime/graph/same_answers.h"

namespace tenter {
namespace {

using Names = std::vector<std::string>;
using Dims = std::vector<int64_t>;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TensorSpec Image(int64_t channels) { return {DType::kFloat32, {2, channels, 6, 5}}; }

Graph Fused(Graph graph, Branches branches = Branches::kJoined) {
  const Status status = RunPasses(graph, branches);
  EXPECT_TRUE(status.ok()) << status.message();
  return graph;
}

// "Conv[Add,Relu]" per node.
Names Ops(const Graph& graph) {
  Names names;
  for (const Node& node : graph.nodes) {
    std::string name = node.op_type;
    for (const Node& next : node.epilogue)
      name += (&next == &node.epilogue.front() ? "[" : ",") + next.op_type;
    names.push_back(name + (node.epilogue.empty() ? "" : "]"));
  }
  return names;
}

class FuseTest : public testing::Test {
 protected:
  Rng rng{3};
  GraphBuilder build{14};

  int Conv(int image, int64_t from, int64_t to, int64_t kernel = 3) {
    return build.Add("Conv", {image, build.Constant(RandomFloats({to, from, kernel, kernel}, rng))},
                     With({{"pads", Dims(4, kernel / 2)}}));
  }
  int Number(float value) { return build.Constant(Scalar(value)); }
  int Written(int x, float six = 6.0f) {
    const int clip = build.Add("Clip", {build.Add("Add", {x, Number(3)}), Number(0), Number(6)});
    return build.Add("Div", {build.Add("Mul", {x, clip}), Number(six)});
  }
};

// x -> Conv -> Add -> Relu -> y   becomes   x, z -> Conv[Add,Relu] -> y
TEST_F(FuseTest, AChainIsOnePass) {
  const int x = build.Input("x", Image(3)), z = build.Input("z", Image(4));
  build.Output(build.Add("Relu", {build.Add("Add", {z, Conv(x, 3, 4)})}), "y");
  const Graph before = Special(build.graph), after = Fused(before);
  EXPECT_EQ(Ops(after), (Names{"Transpose", "Transpose", "Conv[Add,Relu]", "Transpose"}));
  const std::vector<ModelNode> nodes = ModelNodesOf(after.nodes[2]);
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[0].name + nodes[1].name + nodes[2].name, "n0n1n2");
  EXPECT_EQ(nodes[1].shapes, "(float32[2,4,6,5], float32[2,4,6,5])");  // as the model has it
  ExpectSameAnswers(before, after, rng);
}

// x -> BatchNormalization -> Relu   is one pass, which keeps a NaN; nothing else joins it.
TEST_F(FuseTest, ANormalisationTakesARelu) {
  const int x = build.Input("x", Image(4));
  const auto numbers = [&] { return build.Constant(RandomFloats({4}, rng, 0.5f, 2.0f)); };
  const int scaled =
      build.Add("BatchNormalization", {x, numbers(), numbers(), numbers(), numbers()});
  build.Output(build.Add("Tanh", {build.Add("Relu", {scaled})}), "y");
  const Graph before = Special(build.graph), after = Fused(before);
  EXPECT_EQ(Ops(after), (Names{"BatchNormalization[Relu]", "Tanh"}));
  ExpectSameAnswers(before, after, rng);
  std::vector<Tensor> inputs = RandomInputs(before, rng);
  for (const int at : {0, 31, 77}) inputs[0].mutable_data<float>()[at] = kNaN;
  inputs[0].mutable_data<float>()[5] = -kInfinity;
  ExpectSameAnswersTo(inputs, before, after);
}

// Each function and each operand that may follow, behind a product and behind a convolution.
TEST_F(FuseTest, AllThatMayFollow) {
  const int x = build.Input("x", Image(3)), row = build.Input("row", {DType::kFloat32, {7, 6}});
  int image = build.Add("LeakyRelu", {Conv(x, 3, 4)}, With({{"alpha", 0.3f}}));
  image = build.Add("Mul", {build.Constant(RandomFloats({4, 1, 1}, rng)), image});
  image = build.Add("Sub", {build.Add("Tanh", {image}), Number(0.2f)});
  image = build.Add("HardSigmoid", {image}, With({{"alpha", 0.4f}, {"beta", 0.3f}}));
  build.Output(build.Add("Clip", {image, Number(0.2f), Number(0.6f)}));
  int product = build.Add("MatMul", {row, build.Constant(RandomFloats({6, 5}, rng))});
  product = build.Add("Add", {product, build.Constant(RandomFloats({5}, rng))});
  build.Output(build.Add("Sum", {build.Add("Sigmoid", {product}), product}));
  build.Output(build.Add("HardSwish",
                         {build.Add("Gemm", {row, build.Constant(RandomFloats({6, 2}, rng))})}));
  const Graph before = Special(build.graph), after = Fused(before);
  EXPECT_EQ(Ops(after), (Names{"Transpose", "Conv[LeakyRelu,Mul,Tanh,Sub,HardSigmoid,Clip]",
                               "Transpose", "MatMul[Add]", "Sigmoid", "Sum", "Gemm[HardSwish]"}));
  ExpectSameAnswers(before, after, rng);
}

// What is read elsewhere, or is an output, stays; so does an operand that is subtracted from, one
// that would make more of it, and a Clip whose bounds exclude each other.
TEST_F(FuseTest, WhatStays) {
  const int x = build.Input("x", Image(3));
  const int twice = Conv(x, 3, 4);
  build.Output(build.Add("Mul", {twice, twice}));
  const int out = Conv(x, 3, 4);
  build.Output(out);
  build.Output(build.Add("Relu", {out}));
  build.Output(build.Add("Sub", {Number(1), Conv(x, 3, 4)}));
  build.Output(build.Add("Clip", {Conv(x, 3, 4), Number(2), Number(1)}));
  build.Output(build.Add("Add", {build.Constant(RandomFloats({1, 1, 6, 5}, rng)), Conv(x, 3, 4)}));
  const int wide = build.Input("wide", Image(4));
  build.Output(build.Add("Add", {build.Add("GlobalAveragePool", {Conv(x, 3, 4)}), wide}));
  build.Output(build.Add("Add", {Conv(build.Add("GlobalAveragePool", {x}), 3, 4), wide}));
  const Graph before = Special(build.graph), after = Fused(before);
  for (const Node& node : after.nodes) EXPECT_TRUE(node.epilogue.empty()) << node.name;
  ExpectSameAnswers(before, after, rng);
}

// Of two convolutions that are added, the later one adds the earlier one's answer.
TEST_F(FuseTest, TheLaterOperandCarriesOn) {
  const int x = build.Input("x", Image(3));
  const int a = Conv(x, 3, 4), b = Conv(x, 3, 4);
  build.Output(build.Add("Relu", {build.Add("Add", {b, a})}));
  const Graph before = Special(build.graph), after = Fused(before);
  EXPECT_EQ(Ops(after), (Names{"Transpose", "Conv", "Conv[Add,Relu]", "Transpose"}));
  EXPECT_EQ(after.nodes[2].name, "n1");
  ExpectSameAnswers(before, after, rng);
}

// a -+-> Conv -> Add -> y      stays, since the other convolution could not run beside it; what it
//    +-> Conv ----^            was made from is there anyway:
//
// a -+-> Conv -> Add -> y      becomes   a -> Conv[Add] -> y
//    +------------^
TEST_F(FuseTest, BranchesAreKeptWhenAsked) {
  const int x = build.Input("x", Image(3));
  const int a = build.Add("Relu", {Conv(x, 3, 4)}), b = Conv(a, 4, 4), c = Conv(a, 4, 4);
  build.Output(build.Add("Add", {build.Add("Add", {b, c}), a}));
  build.Output(build.Add("Add", {a, Conv(a, 4, 4)}));
  const Graph before = Special(build.graph), after = Fused(before, Branches::kKept);
  EXPECT_EQ(Ops(after), (Names{"Transpose", "Conv[Relu]", "Conv", "Conv", "Add", "Add", "Transpose",
                               "Conv[Add]", "Transpose"}));
  ExpectSameAnswers(before, after, rng);
}

// A NaN, an infinity or a huge number behind which the library's Relu would hide a NaN: in what the
// convolution reads, and in what is added to it.
TEST_F(FuseTest, NoNaNIsLost) {
  const int x = build.Input("x", Image(3)), z = build.Input("z", Image(4));
  int image = build.Add("Relu", {build.Add("Add", {Conv(x, 3, 4), z})});
  image = build.Add("Clip", {Conv(image, 4, 4), Number(0), Number(6)});
  build.Output(build.Add("HardSigmoid", {Conv(image, 4, 4, 1)}));
  const Graph before = Special(build.graph), after = Fused(before);
  ASSERT_EQ(Ops(after), (Names{"Transpose", "Transpose", "Conv[Add,Relu]", "Conv[Clip]",
                               "Conv[HardSigmoid]", "Transpose"}));
  for (const float value : {kNaN, kInfinity, -kInfinity, 3e38f, -3e38f, 1e11f})
    for (const size_t input : {size_t{0}, size_t{1}}) {
      SCOPED_TRACE(std::to_string(value) + " in input " + std::to_string(input));
      std::vector<Tensor> inputs = RandomInputs(before, rng);
      const auto at = static_cast<int64_t>(
          rng.Below(static_cast<uint64_t>(inputs[input].shape().NumElements())));
      inputs[input].mutable_data<float>()[at] = value;
      ExpectSameAnswersTo(inputs, before, after);
      if (HasFatalFailure()) return;
    }
}

// Slopes and offsets that are not finite, or are nothing, in an epilogue and alone.
TEST_F(FuseTest, AttributesLoseNoNaN) {
  const int x = build.Input("x", Image(3));
  for (const float alpha : {0.0f, kNaN, kInfinity, 0.5f}) {
    build.Output(build.Add("LeakyRelu", {Conv(x, 3, 4)}, With({{"alpha", alpha}})));
    build.Output(build.Add("LeakyRelu", {x}, With({{"alpha", alpha}})));
    build.Output(build.Add("HardSigmoid", {Conv(x, 3, 4)}, With({{"alpha", alpha}})));
    build.Output(build.Add("HardSigmoid", {Conv(x, 3, 4)}, With({{"beta", alpha}})));
  }
  const Graph before = Special(build.graph), after = Fused(before);
  std::vector<Tensor> inputs = RandomInputs(before, rng);
  ExpectSameAnswersTo(inputs, before, after);
  inputs[0].mutable_data<float>()[7] = kNaN;
  inputs[0].mutable_data<float>()[40] = 0.0f;
  ExpectSameAnswersTo(inputs, before, after);
}

// A look at what is larger than the answer costs more than a pass over the answer. A bound of a
// Clip is nothing to look at, and may be missing.
TEST_F(FuseTest, WhatIsWorthALook) {
  const int x = build.Input("x", Image(8));
  build.Output(build.Add("Relu", {Conv(x, 8, 4)}));
  build.Output(build.Add("Clip", {Conv(x, 8, 8), Number(1e12f)}));
  build.Output(build.Add("Clip", {Conv(x, 8, 8), -1, Number(1)}));
  const Graph before = Special(build.graph), after = Fused(before);
  EXPECT_EQ(Ops(after), (Names{"Transpose", "Conv", "Relu", "Transpose", "Conv[Clip]", "Transpose",
                               "Conv[Clip]", "Transpose"}));
  const auto kernels = MakeKernels(after, KernelChoice::kOneDnn).value();
  for (const size_t clipped : {size_t{4}, size_t{6}})
    EXPECT_FALSE(kernels[clipped]->implementation().ends_with("reference"));
  ExpectSameAnswers(before, after, rng);
}

// Weights that may overflow leave a Relu to the reference kernel, behind the library's convolution.
TEST_F(FuseTest, HugeWeightsAreNoEpilogue) {
  const int x = build.Input("x", Image(3));
  build.Output(build.Add(
      "Relu",
      {build.Add("Conv", {x, build.Constant(RandomFloats({4, 3, 1, 1}, rng, 1e37f, 1e38f))})}));
  const Graph before = Special(build.graph), after = Fused(before);
  ASSERT_EQ(Ops(after), (Names{"Transpose", "Conv[Relu]", "Transpose"}));
  const auto kernels = MakeKernels(after, KernelChoice::kOneDnn).value();
  EXPECT_TRUE(kernels[1]->implementation().ends_with(", reference"))
      << kernels[1]->implementation();
  std::vector<Tensor> inputs = RandomInputs(before, rng);
  for (int64_t i = 0; i < 20; ++i) inputs[0].mutable_data<float>()[i] = i % 2 == 0 ? 1e3f : -1e3f;
  ExpectSameAnswersTo(inputs, before, after);
}

// x -> Add 3 -> Clip 0..6 -> Mul x -> Div 6   becomes   HardSwish, and joins an epilogue.
TEST_F(FuseTest, AHardSwishThatIsWrittenOut) {
  const int x = build.Input("x", Image(3));
  build.Output(Written(Conv(x, 3, 4)));
  build.Output(Written(x));
  const Graph before = Special(build.graph), after = Fused(before);
  EXPECT_EQ(Ops(after),
            (Names{"Transpose", "Conv[HardSwish]", "Transpose", "HardSwish", "Transpose"}));
  Names names;
  for (const ModelNode& node : ModelNodesOf(after.nodes[1]))
    names.push_back(node.name + node.op_type);
  EXPECT_EQ(names, (Names{"n0Conv", "n1Add", "n2Clip", "n3Mul", "n4Div"}));
  ExpectSameAnswers(before, after, rng);
}

// Other numbers, and parts that are read elsewhere.
TEST_F(FuseTest, WhatIsNoHardSwish) {
  const int x = build.Input("x", Image(3));
  build.Output(Written(x, 5.0f));
  const int sum = build.Add("Add", {x, Number(3)});
  const int clip = build.Add("Clip", {sum, Number(0), Number(6)});
  build.Output(clip);
  build.Output(build.Add("Div", {build.Add("Mul", {x, clip}), Number(6)}));
  const int other = build.Add("Clip", {build.Add("Add", {x, Number(3)}), Number(0), Number(6)});
  build.Output(build.Add("Div", {build.Add("Mul", {build.Add("Neg", {x}), other}), Number(6)}));
  const int wide = build.Add("Clip", {build.Add("Add", {x, Number(3)}), Number(0), Number(6)});
  build.Output(build.Add(
      "Div", {build.Add("Mul", {x, wide}), build.Constant(Floats({1, 1, 1, 1, 1}, {6}))}));
  const Graph before = Special(build.graph), after = Fused(before);
  for (const Node& node : after.nodes) EXPECT_NE(node.op_type, "HardSwish");
  ExpectSameAnswers(before, after, rng);
}

// Random graphs of what may be fused and of near misses. A failure prints the round; the rounds are
// always the same.
TEST_F(FuseTest, RandomGraphsAnswerTheSame) {
  constexpr const char* kFunctions[] = {"Relu", "HardSwish", "Tanh", "Sigmoid", "Neg", "LeakyRelu"};
  constexpr const char* kArithmetic[] = {"Add", "Sub", "Mul", "Max", "Sum"};
  size_t fused = 0;
  for (uint64_t round = 0; round < 80; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    rng = Rng(round);
    build = GraphBuilder(14);
    std::vector<int> images = {build.Input("x", Image(4)), build.Input("z", Image(4))};
    for (int i = 0; i < 10; ++i) {
      const int a = images[images.size() - 1 - rng.Below(2)], b = images[rng.Below(images.size())];
      const int64_t groups = int64_t{1} << rng.Below(3);
      switch (rng.Below(6)) {
        case 0:
        case 1:
          images.push_back(build.Add(
              "Conv", {a, build.Constant(RandomFloats({4, 4 / groups, 3, 3}, rng, -0.3f, 0.3f))},
              With({{"pads", Dims{1, 1, 1, 1}}, {"group", groups}})));
          break;
        case 2:
          images.push_back(build.Add(kFunctions[rng.Below(6)], {a}));
          break;
        case 3:
          images.push_back(build.Add(kArithmetic[rng.Below(5)], {a, b}));
          break;
        case 4: {
          const Shape shapes[] = {{4, 1, 1}, {1}, {1, 4, 1, 1}, {6, 5}, {1, 4, 6, 1}};
          const int constant = build.Constant(RandomFloats(shapes[rng.Below(5)], rng));
          images.push_back(build.Add(kArithmetic[rng.Below(5)], rng.Chance(30)
                                                                    ? std::vector{constant, a}
                                                                    : std::vector{a, constant}));
          break;
        }
        default:
          images.push_back(rng.Chance(50) ? Written(a)
                                          : build.Add("Clip", {a, Number(-0.5f), Number(1)}));
      }
      if (rng.Chance(15)) build.Output(images.back());
    }
    build.Output(build.Add("Identity", {images.back()}));
    const Graph before = Special(build.graph), after = Fused(before);
    for (const Node& node : after.nodes) fused += node.epilogue.size();
    ExpectSameAnswers(before, after, rng);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(fused, 80u);
}

}  // namespace
}  // namespace tenter
