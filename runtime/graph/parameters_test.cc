// What is in memory of parameters that kernels have packed: not what nobody reads, and everything
// that anybody does.
#include "runtime/graph/parameters.h"

#include <gtest/gtest.h>

#include <limits>

#include "runtime/base/thread.h"
#include "runtime/graph/fusion/fuse.h"
#include "runtime/graph/lay_out.h"
#include "runtime/graph/same_answers.h"

namespace tenter {
namespace {

constexpr int64_t kChannels = 64;

class Parameters : public testing::Test {
 protected:
  int Conv(int input, int weights) { return build.Add("Conv", {input, weights}); }

  int Weights() {
    return build.Constant(RandomFloats({kChannels, kChannels, 1, 1}, rng, -0.1f, 0.1f));
  }

  // Makes fast kernels and runs them, as a plan does; the answers are those of `before`.
  void RunFast(const Graph& before) {
    Graph after = before;
    ASSERT_TRUE(LayOut(after).ok());
    ExpectSameAnswers(before, after, rng);
  }

  Rng rng{5};
  GraphBuilder build;
  const int x = build.Input("x", {DType::kFloat32, {1, kChannels, 6, 6}});
};

size_t WeightBytes() { return static_cast<size_t>(kChannels * kChannels) * sizeof(float); }

TEST_F(Parameters, ThatAreOnlyReadPackedAreNotInMemoryTwice) {
  build.Output(Conv(Conv(x, Weights()), Weights()));
  const Graph graph = Special(build.graph);
  EXPECT_EQ(GivenBackBytes(*graph.packed), 0u);
  RunFast(graph);
  EXPECT_EQ(GivenBackBytes(*graph.packed), 2 * WeightBytes());
  EXPECT_EQ(PackedBytes(*graph.packed), 2 * WeightBytes());
}

TEST_F(Parameters, ComeBackBitByBitWhileSomebodyReadsThem) {
  build.Output(Conv(x, Weights()));
  const Graph graph = Special(build.graph);
  const Tensor weights = *graph.values[static_cast<size_t>(graph.nodes[0].inputs[1])].constant;
  const std::vector<float> plain = Elements<float>(weights);
  RunFast(graph);
  ASSERT_EQ(GivenBackBytes(*graph.packed), WeightBytes());
  ParameterPin pin = PinParameter(*graph.packed, weights.raw()).value();
  const ParameterPin second = PinParameter(*graph.packed, weights.raw()).value();
  EXPECT_EQ(GivenBackBytes(*graph.packed), 0u);
  EXPECT_EQ(Elements<float>(weights), plain);
  pin = nullptr;
  RunFast(graph);
  EXPECT_EQ(GivenBackBytes(*graph.packed), 0u) << "somebody reads them still";
  EXPECT_EQ(Elements<float>(weights), plain);
}

using ParametersDeathTest = Parameters;

TEST_F(ParametersDeathTest, ThatAreNotInMemoryFault) {
  build.Output(Conv(x, Weights()));
  const Graph graph = Special(build.graph);
  RunFast(graph);
  const Tensor weights = *graph.values[static_cast<size_t>(graph.nodes[0].inputs[1])].constant;
  EXPECT_DEATH(std::printf("%f", static_cast<double>(weights.data<float>()[0])), "");
  const ParameterPin pin = PinParameter(*graph.packed, weights.raw()).value();
  Tensor writable = weights;
  EXPECT_DEATH(writable.mutable_data<float>()[0] = 1.0f, "");
}

TEST_F(Parameters, StayWhereSomethingElseReadsThem) {
  const int weights = Weights(), answered = Weights(), shared = Weights();
  const int like_weights = build.Input("like", {DType::kFloat32, {kChannels, kChannels, 1, 1}});
  build.Output(build.Add("Add", {like_weights, shared}));
  build.Output(Conv(Conv(Conv(x, weights), shared), answered));
  build.Output(answered);
  const Graph graph = Special(build.graph);
  RunFast(graph);
  EXPECT_EQ(GivenBackBytes(*graph.packed), WeightBytes());
}

TEST_F(Parameters, StayForGoodWhenAllAreAskedFor) {
  build.Output(Conv(x, Weights()));
  const Graph graph = Special(build.graph);
  RunFast(graph);
  ASSERT_TRUE(PinParameters(*graph.packed).ok());
  EXPECT_EQ(GivenBackBytes(*graph.packed), 0u);
  RunFast(graph);
  EXPECT_EQ(GivenBackBytes(*graph.packed), 0u);
}

// The kernel that is exact for a NaN has the weights as they were.
TEST_F(Parameters, AreThereForTheExactKernel) {
  build.Output(build.Add("Relu", {Conv(x, Weights())}));
  const Graph before = Special(build.graph);
  Graph after = before;
  ASSERT_TRUE(LayOut(after).ok());
  ASSERT_TRUE(Fuse(after, Branches::kJoined).ok());
  std::vector<Tensor> inputs = RandomInputs(before, rng);
  inputs[0].mutable_data<float>()[7] = std::numeric_limits<float>::quiet_NaN();
  const auto kernels = MakeKernels(after, KernelChoice::kOneDnn).value();
  const auto expected = RunGraph(before, inputs, KernelChoice::kReference).value();
  for (int round = 0; round < 2; ++round) {
    ExpectSameOutputs(expected, RunKernels(after, kernels, inputs).value());
    EXPECT_EQ(GivenBackBytes(*after.packed), WeightBytes());
  }
}

// A kernel that is made when they are not in memory knows as much of them.
TEST_F(Parameters, AreKnownWhenTheyAreNotInMemory) {
  build.graph.values[static_cast<size_t>(x)].spec->shape = {1, kChannels, kUnknownDim, 6};
  build.Output(build.Add("Relu", {Conv(x, Weights())}));
  const Graph graph = Simplify(build.graph).value();
  for (const int64_t height : {3, 6, 9}) {
    const TensorSpec spec{DType::kFloat32, {1, kChannels, height, 6}};
    const Graph before = Specialise(graph, {&spec, 1}).value();
    Graph after = before;
    ASSERT_TRUE(LayOut(after).ok());
    ASSERT_TRUE(Fuse(after, Branches::kJoined).ok());
    ASSERT_EQ(OpTypes(after), (std::vector<std::string>{"Transpose", "Conv", "Transpose"}));
    RunFast(before);  // which has packed them, and had no need to know more
    const std::vector<Tensor> inputs = {RandomFloats(spec.shape, rng)};
    const auto kernels = MakeKernels(after, KernelChoice::kOneDnn).value();
    EXPECT_EQ(kernels[1]->Reads(1), false) << kernels[1]->implementation();
    const auto found = RunKernels(after, kernels, inputs).value();
    EXPECT_EQ(GivenBackBytes(*graph.packed), WeightBytes());
    ExpectSameOutputs(RunGraph(before, inputs, KernelChoice::kReference).value(), found);
  }
}

// A convolution of what is known from the shapes is computed when a plan is compiled.
TEST_F(Parameters, AreThereForWhatIsFoldedPerPlan) {
  build = GraphBuilder(13);
  const int image = build.Input("image", {DType::kFloat32, {1, kChannels, kUnknownDim, 6}});
  const int weights = Weights();
  const int zeros = build.Add("ConstantOfShape", {build.Add("Shape", {image})});
  build.Output(build.Add("Add", {Conv(image, weights), Conv(zeros, weights)}));
  const Graph graph = Simplify(build.graph).value();
  for (const int64_t height : {3, 6}) {
    const TensorSpec spec{DType::kFloat32, {1, kChannels, height, 6}};
    const auto special = Specialise(graph, {&spec, 1});
    ASSERT_TRUE(special.ok()) << special.status().message();
    RunFast(*special);
    EXPECT_EQ(GivenBackBytes(*graph.packed), WeightBytes());
  }
}

TEST_F(Parameters, ServeManyAtOnce) {
  build.Output(Conv(Conv(x, Weights()), Weights()));
  const Graph before = Special(build.graph);
  Graph after = before;
  ASSERT_TRUE(LayOut(after).ok());
  const std::vector<Tensor> inputs = RandomInputs(before, rng);
  const auto expected = RunGraph(before, inputs, KernelChoice::kReference).value();
  std::vector<Thread> threads(4);
  for (size_t i = 0; i < threads.size(); ++i)
    ASSERT_TRUE(threads[i]
                    .Start("reader",
                           [&, i] {
                             for (int round = 0; round < 20; ++round)
                               ExpectSameOutputs(
                                   expected,
                                   i % 2 == 0
                                       ? RunGraph(before, inputs, KernelChoice::kReference).value()
                                       : RunGraph(after, inputs, KernelChoice::kOneDnn).value());
                           })
                    .ok());
}

}  // namespace
}  // namespace tenter
