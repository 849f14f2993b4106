#include "runtime/graph/rewrites.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/graph/run_graph.h"
#include "runtime/graph/specialise.h"
#include "runtime/graph/testing.h"

namespace tenter {
namespace {

const TensorSpec kImage{DType::kFloat32, {1, 2, 3, 3}};

std::vector<float> RunOn(const Graph& graph, const Tensor& input) {
  const TensorSpec spec = input.spec();
  const auto special = Specialise(graph, {&spec, 1});
  EXPECT_TRUE(special.ok()) << special.status().ToString();
  const auto outputs = RunGraph(*special, {&input, 1}, KernelChoice::kReference);
  EXPECT_TRUE(outputs.ok()) << outputs.status().ToString();
  return Elements<float>((*outputs)[0]);
}

// Conv -> BatchNormalization -> output; with `tapped`, somebody else reads the Conv too.
Graph ConvAndNormalisation(bool with_bias, bool tapped) {
  Rng rng(3);
  GraphBuilder build;
  const int x = build.Input("x", kImage);
  std::vector<int> inputs = {x, build.Constant(RandomFloats({4, 2, 2, 2}, rng))};
  if (with_bias) inputs.push_back(build.Constant(RandomFloats({4}, rng)));
  const int conv = build.Add("Conv", inputs);
  const int normal = build.Add(
      "BatchNormalization",
      {conv, build.Constant(RandomFloats({4}, rng)), build.Constant(RandomFloats({4}, rng)),
       build.Constant(RandomFloats({4}, rng)), build.Constant(RandomFloats({4}, rng, 0.5f, 2))});
  build.Output(tapped ? build.Add("Add", {conv, normal}) : normal, "y");
  return build.graph;
}

TEST(Simplify, FoldsBatchNormalizationIntoTheConv) {
  Rng rng(4);
  const Tensor input = RandomFloats(kImage.shape, rng);
  for (const bool with_bias : {false, true}) {
    const Graph graph = ConvAndNormalisation(with_bias, false);
    const Graph simple = Simplify(graph).value();
    EXPECT_EQ(OpTypes(simple), std::vector<std::string>{"Conv"});
    EXPECT_EQ(simple.values[static_cast<size_t>(simple.outputs[0])].name, "y");
    const auto expected = RunOn(graph, input), found = RunOn(simple, input);
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(expected[i], found[i], 1e-5f);
  }
}

TEST(Simplify, LeavesBatchNormalizationWhenSomebodyElseReadsTheConv) {
  const Graph simple = Simplify(ConvAndNormalisation(true, true)).value();
  EXPECT_EQ(OpTypes(simple), (std::vector<std::string>{"Conv", "BatchNormalization", "Add"}));
}

// Conv -> Mul -> Add -> BatchNormalization -> Sub   becomes   Conv
TEST(Simplify, FoldsScalesAndShiftsOfChannelsIntoTheConv) {
  Rng rng(8);
  const Tensor input = RandomFloats(kImage.shape, rng);
  for (const bool with_bias : {false, true}) {
    Graph graph = ConvAndNormalisation(with_bias, false);
    GraphBuilder build;
    build.graph = graph;
    build.graph.outputs.clear();
    const int scaled =
        build.Add("Mul", {build.Constant(RandomFloats({4, 1, 1}, rng)), graph.outputs[0]});
    const int shifted = build.Add("Add", {scaled, build.Constant(RandomFloats({1, 4, 1, 1}, rng))});
    build.Output(build.Add("Sub", {shifted, build.Constant(Scalar(0.25f))}), "z");
    const Graph simple = Simplify(build.graph).value();
    EXPECT_EQ(OpTypes(simple), std::vector<std::string>{"Conv"});
    const auto expected = RunOn(build.graph, input), found = RunOn(simple, input);
    for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(expected[i], found[i], 1e-5f);
  }
}

// What is no number per channel, is taken from a number, or would not be finite.
TEST(Simplify, LeavesOtherArithmeticBehindAConv) {
  Rng rng(9);
  const auto behind = [&](const std::string& op, Tensor constant, bool first = false) {
    GraphBuilder build;
    const int x = build.Input("x", kImage);
    const int conv = build.Add("Conv", {x, build.Constant(RandomFloats({2, 2, 2, 2}, rng))});
    const int number = build.Constant(std::move(constant));
    build.Output(first ? build.Add(op, {number, conv}) : build.Add(op, {conv, number}), "y");
    return OpTypes(Simplify(build.graph).value()).size();
  };
  EXPECT_EQ(behind("Mul", RandomFloats({2, 1, 1}, rng)), 1u);
  EXPECT_EQ(behind("Mul", RandomFloats({2}, rng)), 2u);  // of columns
  EXPECT_EQ(behind("Add", RandomFloats({2, 2, 1, 1}, rng)), 2u);
  EXPECT_EQ(behind("Add", RandomFloats({1, 2, 1, 1, 1}, rng)), 2u);
  EXPECT_EQ(behind("Add", RandomFloats({2, 2, 2}, rng)), 2u);
  EXPECT_EQ(behind("Sub", Scalar(1), true), 2u);
  EXPECT_EQ(behind("Div", Scalar(2)), 2u);
  EXPECT_EQ(behind("Mul", Scalar(INFINITY)), 2u);
  EXPECT_EQ(behind("Mul", Scalar(NAN)), 2u);
  EXPECT_EQ(behind("Mul", Scalar(3e38f)), 1u);
}

TEST(Simplify, LeavesAProductThatOverflowsTheWeights) {
  GraphBuilder build;
  const int x = build.Input("x", kImage);
  const int conv = build.Add("Conv", {x, build.Constant(Floats({1, 2, 1, 1}, {1e20f, 1.0f}))});
  build.Output(build.Add("Mul", {conv, build.Constant(Scalar(1e20f))}), "y");
  EXPECT_EQ(OpTypes(Simplify(build.graph).value()), (std::vector<std::string>{"Conv", "Mul"}));
}

TEST(Simplify, FoldsChainsOfConstants) {
  GraphBuilder build;
  const int x = build.Input("x", {DType::kFloat32, {2}});
  const int filled = build.Add("ConstantOfShape", {build.Constant(Ints({2}))},
                               With({{"value", Floats({1}, {3})}}));
  const int doubled = build.Add("Add", {filled, filled});
  build.Output(build.Add("Mul", {x, doubled}));
  const Graph simple = Simplify(build.graph).value();
  EXPECT_EQ(OpTypes(simple), std::vector<std::string>{"Mul"});
  EXPECT_EQ(simple.values.size(), 3u) << "dead values are gone";
  EXPECT_EQ(RunOn(simple, Floats({2}, {1, 2})), (std::vector<float>{6, 12}));
}

TEST(Simplify, DropsIdentitiesAndKeepsTheNamesOfOutputs) {
  GraphBuilder build;
  const int x = build.Input("x", {DType::kFloat32, {2}});
  const int same = build.Add("Identity", {x});
  const int kept = build.Add("Dropout", {build.Add("Relu", {same})}, With({{"ratio", 0.5f}}));
  build.Output(build.Add("Identity", {kept}), "y");
  const Graph simple = Simplify(build.graph).value();
  EXPECT_EQ(OpTypes(simple), std::vector<std::string>{"Relu"});
  EXPECT_EQ(simple.values[static_cast<size_t>(simple.outputs[0])].name, "y");
  EXPECT_EQ(RunOn(simple, Floats({2}, {-1, 2})), (std::vector<float>{0, 2}));
}

// An output that is an input under another name needs a node: there is no producer to rename.
TEST(Simplify, KeepsAnIdentityFromInputToOutput) {
  GraphBuilder build;
  build.Output(build.Add("Identity", {build.Input("x", {DType::kFloat32, {2}})}), "y");
  const Graph simple = Simplify(build.graph).value();
  EXPECT_EQ(OpTypes(simple), std::vector<std::string>{"Identity"});
}

TEST(Simplify, KeepsADropoutWhoseMaskIsRead) {
  GraphBuilder build(12);
  const int x = build.Input("x", {DType::kFloat32, {2}});
  build.Output(build.Add("Dropout", {x}));
  build.graph.values.push_back({"mask", std::nullopt, std::nullopt});
  build.graph.nodes[0].outputs.push_back(static_cast<int>(build.graph.values.size()) - 1);
  build.Output(build.graph.nodes[0].outputs[1]);
  EXPECT_EQ(OpTypes(Simplify(build.graph).value()), std::vector<std::string>{"Dropout"});
}

TEST(Simplify, RemovesWhatNoOutputNeeds) {
  GraphBuilder build;
  const int x = build.Input("x", {DType::kFloat32, {2}});
  build.Input("unused", {DType::kFloat32, {2}});
  build.Add("Neg", {build.Add("Exp", {x})});
  build.Output(build.Add("Relu", {x}));
  const Graph simple = Simplify(build.graph).value();
  EXPECT_EQ(OpTypes(simple), std::vector<std::string>{"Relu"});
  EXPECT_EQ(simple.inputs.size(), 2u) << "the signature of the model stays";
}

TEST(Simplify, PutsParametersIntoOneSealedBlock) {
  const Graph simple = Simplify(ConvAndNormalisation(true, true)).value();
  ASSERT_NE(simple.parameters, nullptr);
  EXPECT_TRUE(simple.parameters->sealed());
  int constants = 0;
  for (const Value& value : simple.values) {
    if (!value.constant) continue;
    ++constants;
    EXPECT_TRUE(simple.parameters->Contains(value.constant->raw())) << value.name;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(value.constant->raw()) % kMemoryAlignment, 0u);
  }
  EXPECT_EQ(constants, 6);
}

TEST(SimplifyDeathTest, AWriteToAParameterFaults) {
  const Graph simple = Simplify(ConvAndNormalisation(true, true)).value();
  for (const Value& value : simple.values) {
    if (!value.constant) continue;
    Tensor parameter = *value.constant;
    volatile float* const target = parameter.mutable_data<float>();
    EXPECT_DEATH(target[0] = 1.0f, "");
    return;
  }
}

TEST(Simplify, RefusesConstantsThatCannotBe) {
  GraphBuilder build;
  build.Output(build.Add("ConstantOfShape", {build.Constant(Ints({int64_t{1} << 30}))}));
  EXPECT_EQ(Simplify(build.graph).status().ToString(),
            "resource_exhausted: ConstantOfShape (node 'n0') makes a constant float32[1073741824]");
}

TEST(CheckGraph, NamesWhatBreaksTheInvariants) {
  GraphBuilder late;
  const int x = late.Input("x", {DType::kFloat32, {2}});
  late.Add("Add", {x, 2});
  late.Output(late.Add("Relu", {x}));
  EXPECT_EQ(CheckGraph(late.graph).message(),
            "node 'n0' reads value 'v2', which nothing before it produces");
  GraphBuilder outside;
  outside.Output(outside.Add("Relu", {17}));
  EXPECT_FALSE(CheckGraph(outside.graph).ok());
  GraphBuilder twice;
  twice.Output(twice.Add("Relu", {twice.Input("x", {DType::kFloat32, {2}})}));
  twice.graph.nodes.push_back(twice.graph.nodes[0]);
  EXPECT_EQ(CheckGraph(twice.graph).message(), "value 'v1' is produced twice, again by node 'n0'");
  GraphBuilder nothing;
  nothing.Output(5);
  EXPECT_FALSE(CheckGraph(nothing.graph).ok());
}

}  // namespace
}  // namespace tenter
