#include "runtime/graph/fusion/channel_shuffle.h"

#include <gtest/gtest.h>

#include "runtime/graph/fusion/passes.h"
#include "runtime/graph/same_answers.h"

namespace tenter {
namespace {

using Dims = std::vector<int64_t>;
using Names = std::vector<std::string>;

class ChannelShuffle : public testing::Test {
 protected:
  Rng rng{5};
  GraphBuilder build{13};

  int Conv(int image, int64_t channels) {
    return build.Add("Conv",
                     {image, build.Constant(RandomFloats({channels, channels, 1, 1}, rng))});
  }
  int Reshape(int value, const Dims& dims) {
    return build.Add("Reshape", {value, build.Constant(Ints(dims))});
  }
  // Of an image [2,channels,5,3].
  int Shuffle(int image, int64_t channels, int64_t groups, const Dims& perm = {0, 2, 1, 3, 4}) {
    const int split = Reshape(image, {2, groups, channels / groups, 5, 3});
    return Reshape(build.Add("Transpose", {split}, With({{"perm", perm}})), {2, channels, 5, 3});
  }
  Graph Folded() {
    Graph graph = Special(build.graph);
    EXPECT_TRUE(FoldChannelShuffle(graph).ok());
    return graph;
  }
  // By all passes, and the kernels of the nodes that took the place of shuffles.
  void ExpectShuffledBy(const std::string& kernel) {
    const Graph before = Special(build.graph);
    Graph after = before;
    ASSERT_TRUE(RunPasses(after, Branches::kJoined).ok());
    for (const Node& node : after.nodes) {
      if (node.op_type != "Gather") continue;
      const auto made =
          MakeKernel(CallOf(after, node), OutputSpecsOf(after, node), KernelChoice::kOneDnn);
      ASSERT_TRUE(made.ok()) << made.status().message();
      EXPECT_EQ((*made)->implementation(), kernel);
    }
    ExpectSameAnswers(before, after, rng);
  }
};

// x -> Reshape -> Transpose -> Reshape -> y   becomes   x -> Gather -> y
TEST_F(ChannelShuffle, ThreeNodesAreOne) {
  const int x = build.Input("x", {DType::kFloat32, {2, 6, 5, 3}});
  build.Output(Shuffle(x, 6, 3), "y");
  const Graph before = Special(build.graph), after = Folded();
  EXPECT_EQ(OpTypes(after), (Names{"Gather"}));
  const std::vector<ModelNode> nodes = ModelNodesOf(after.nodes[0]);
  ASSERT_EQ(nodes.size(), 3u);
  EXPECT_EQ(nodes[1].op_type, "Transpose");
  ExpectSameAnswers(before, after, rng);
}

// Conv -> shuffle -> Conv   has its channels last throughout.
TEST_F(ChannelShuffle, GoesAlongWithConvolutions) {
  for (const int64_t groups : {2, 3, 4, 8}) {
    build = GraphBuilder(13);
    const int64_t channels = groups * 6;
    const int x = build.Input("x", {DType::kFloat32, {2, channels, 5, 3}});
    build.Output(Conv(Shuffle(Conv(x, channels), channels, groups), channels), "y");
    Graph after = Special(build.graph);
    ASSERT_TRUE(RunPasses(after, Branches::kJoined).ok());
    EXPECT_EQ(OpTypes(after), (Names{"Transpose", "Conv", "Gather", "Conv", "Transpose"}));
    ExpectShuffledBy("channel shuffle");
  }
}

TEST_F(ChannelShuffle, AnyNumberOfGroups) {
  const int x = build.Input("x", {DType::kFloat32, {2, 35, 5, 3}});
  build.Output(Conv(Shuffle(Conv(x, 35), 35, 7), 35), "y");
  ExpectShuffledBy("reference");
}

// Another exchange of axes, a part that others read, and another image behind it.
TEST_F(ChannelShuffle, NearMissesStay) {
  const int x = build.Input("x", {DType::kFloat32, {2, 6, 5, 3}});
  build.Output(Shuffle(x, 6, 3, {0, 1, 2, 3, 4}), "same");
  build.Output(Shuffle(x, 6, 2, {1, 0, 2, 3, 4}), "images");
  const int split = Reshape(x, {2, 3, 2, 5, 3});
  const int turned = build.Add("Transpose", {split}, With({{"perm", Dims{0, 2, 1, 3, 4}}}));
  build.Output(Reshape(turned, {2, 6, 5, 3}), "read");
  build.Output(build.Add("Relu", {turned}), "twice");
  const int other =
      build.Add("Transpose", {Reshape(x, {2, 3, 2, 5, 3})}, With({{"perm", Dims{0, 2, 1, 3, 4}}}));
  build.Output(Reshape(other, {2, 6, 3, 5}), "another");
  const Graph before = Special(build.graph), after = Folded();
  EXPECT_EQ(OpTypes(after), OpTypes(before));
}

// A Gather of a model goes along, too: any channels, some twice.
TEST_F(ChannelShuffle, AGatherOfChannelsGoesAlong) {
  const int x = build.Input("x", {DType::kFloat32, {2, 6, 5, 3}});
  const int some = build.Add("Gather", {Conv(x, 6), build.Constant(Ints({5, -6, 2, 2}))},
                             With({{"axis", int64_t{1}}}));
  build.Output(Conv(some, 4), "y");
  ExpectShuffledBy("reference");
}

}  // namespace
}  // namespace tenter
