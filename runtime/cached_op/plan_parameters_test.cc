// What plans that come and go have of the parameters in memory (COP-2).
#include <gtest/gtest.h>

#include "runtime/base/thread.h"
#include "runtime/cached_op/cached_op.h"
#include "runtime/cached_op/test_model.h"
#include "runtime/graph/rewrites.h"

namespace tenter {
namespace {

constexpr int64_t kChannels = 64;
constexpr size_t kWeightBytes = size_t{kChannels * kChannels} * sizeof(float);

std::vector<TensorSpec> Signature(int64_t height) {
  return {{DType::kFloat32, Shape({1, kChannels, height, 4})}};
}

// y = relu(conv(relu(conv(x)))).
std::shared_ptr<const Graph> ConvModel() {
  Graph graph;
  graph.opset = 13;
  graph.values.push_back({"x", Signature(kUnknownDim)[0], std::nullopt});
  graph.inputs = {0};
  int last = 0;
  for (const uint64_t seed : {1, 2}) {
    const auto next = [&](const char* op, std::vector<int> inputs) {
      graph.values.push_back({op + std::to_string(seed), std::nullopt, std::nullopt});
      last = static_cast<int>(graph.values.size()) - 1;
      graph.nodes.push_back({op + std::to_string(seed), op, {}, std::move(inputs), {last}});
    };
    const Tensor weights = RandomTensor(Shape({kChannels, kChannels, 1, 1}), seed);
    graph.values.push_back({"w" + std::to_string(seed), weights.spec(), weights});
    next("Conv", {last, static_cast<int>(graph.values.size()) - 1});
    next("Relu", {last});
  }
  graph.outputs = {last};
  return std::make_shared<const Graph>(Simplify(std::move(graph)).value());
}

TEST(PlanParameters, AreInMemoryWhileAPlanReadsThem) {
  const auto graph = ConvModel();
  const auto given_back = [&] { return GivenBackBytes(*graph->packed); };
  auto fast = Plan::Compile(*graph, Signature(3), {}).value();
  EXPECT_EQ(given_back(), 2 * kWeightBytes);
  auto other = Plan::Compile(*graph, Signature(5), {}).value();
  EXPECT_EQ(given_back(), 2 * kWeightBytes);
  auto reference =
      Plan::Compile(*graph, Signature(3), {.kernels = KernelChoice::kReference}).value();
  EXPECT_EQ(given_back(), 0u);
  other = Plan::Compile(*graph, Signature(7), {}).value();
  EXPECT_EQ(given_back(), 0u);
  reference = nullptr;
  other = Plan::Compile(*graph, Signature(9), {}).value();
  EXPECT_EQ(given_back(), 2 * kWeightBytes) << "nobody reads them any more";
}

TEST(PlanParameters, AreCountedAsTheyAreInMemory) {
  const auto graph = ConvModel();
  CachedOp op(nullptr, graph, {.way = Way::kInline});
  EXPECT_EQ(op.footprint().parameter_bytes, graph->parameters->size_bytes());
  const Tensor input = RandomTensor(Signature(3)[0].shape, 3);
  ASSERT_TRUE(op.Invoke({&input, 1}).ok());
  EXPECT_EQ(PackedBytes(*graph->packed), 2 * kWeightBytes);
  EXPECT_EQ(op.footprint().parameter_bytes, graph->parameters->size_bytes());
}

// Plans of both kinds of kernels are compiled and dropped beside each other.
TEST(PlanParameters, ServePlansThatComeAndGo) {
  const auto graph = ConvModel();
  const auto invoke = [&](CachedOp& op, int64_t height) {
    const Tensor input = RandomTensor(Signature(height)[0].shape, 4);
    const auto answer = op.Invoke({&input, 1});
    EXPECT_TRUE(answer.ok()) << answer.status().message();
    return answer.ok() ? Floats((*answer)[0]) : std::vector<float>();
  };
  CachedOp reference(nullptr, graph,
                     {.plans_max = 1, .kernels = KernelChoice::kReference, .way = Way::kInline});
  CachedOp fast(nullptr, graph, {.plans_max = 1, .way = Way::kInline});
  std::vector<std::vector<float>> of_reference, of_fast;
  for (int64_t height = 1; height <= 3; ++height) {
    of_reference.push_back(invoke(reference, height));
    of_fast.push_back(invoke(fast, height));
  }
  std::vector<Thread> threads(4);
  for (size_t i = 0; i < threads.size(); ++i)
    ASSERT_TRUE(threads[i]
                    .Start("caller",
                           [&, i] {
                             CachedOp& op = i % 2 == 0 ? reference : fast;
                             const auto& expected = i % 2 == 0 ? of_reference : of_fast;
                             for (size_t k = 0; k < 30; ++k)
                               EXPECT_EQ(invoke(op, static_cast<int64_t>((i + k) % 3) + 1),
                                         expected[(i + k) % 3]);
                           })
                    .ok());
}

}  // namespace
}  // namespace tenter
