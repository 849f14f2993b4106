// Kernels that several threads compute together, in a cached op.
#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <limits>

#include "runtime/cached_op/cached_op.h"
#include "runtime/cached_op/test_model.h"

namespace tenter {
namespace {

// x[?,K] -> Gemm(B[N,K]^T) -> Relu; the last number of B is `last`.
std::shared_ptr<const Graph> GemmModel(int64_t n, int64_t k, float last) {
  Graph graph;
  graph.opset = 13;
  Tensor weights = RandomTensor(Shape({n, k}), 3);
  weights.mutable_data<float>()[n * k - 1] = last;
  graph.values.push_back({"x", TensorSpec{DType::kFloat32, Shape({kUnknownDim, k})}, std::nullopt});
  graph.values.push_back({"b", weights.spec(), weights});
  graph.values.push_back({"g", std::nullopt, std::nullopt});
  graph.values.push_back({"y", std::nullopt, std::nullopt});
  Attributes turned;
  turned.Set("transB", int64_t{1});
  graph.nodes.push_back({"gemm", "Gemm", turned, {0, 1}, {2}});
  graph.nodes.push_back({"relu", "Relu", {}, {2}, {3}});
  graph.inputs = {0};
  graph.outputs = {3};
  return std::make_shared<const Graph>(Simplify(std::move(graph)).value());
}

std::vector<float> Ask(CachedOp* op, int64_t rows, int64_t k) {
  const Tensor input = RandomTensor(Shape({rows, k}), 5);
  return Floats(op->Invoke({&input, 1}).value()[0]);
}

// A call of one row is cut by outputs: its first part has the address of all weights, and none of
// them that is not finite. The next one must not take that for all, by itself or in another op.
TEST(IntraOp, APieceOfTheWeightsIsNotTakenForAll) {
  constexpr int64_t kSize = 8;
  const auto graph = GemmModel(kSize, kSize, std::numeric_limits<float>::quiet_NaN());
  CachedOp op(nullptr, graph, {.intra_op = 2, .grain = 1, .way = Way::kInline});
  EXPECT_TRUE(std::isnan(Ask(&op, 1, kSize)[kSize - 1]));
  EXPECT_TRUE(std::isnan(Ask(&op, 2, kSize)[kSize - 1]));
  CachedOp alone(nullptr, graph, {.way = Way::kInline});
  EXPECT_TRUE(std::isnan(Ask(&alone, 2, kSize)[kSize - 1]));
}

TEST(IntraOp, EachThreadRoundsAsTheCaller) {
  constexpr int64_t kSize = 256;
  const auto graph = GemmModel(kSize, kSize, 1.0f);
  CachedOp op(nullptr, graph, {.intra_op = 2, .grain = 1, .way = Way::kInline});
  Ask(&op, 8, kSize);
  ASSERT_EQ(std::fesetround(FE_UPWARD), 0);
  const std::vector<float> first = Ask(&op, 8, kSize);
  int others = 0;
  for (int call = 0; call < 200; ++call) others += Ask(&op, 8, kSize) == first ? 0 : 1;
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(others, 0);
  EXPECT_NE(Ask(&op, 8, kSize), first) << "nothing here is rounded";
}

}  // namespace
}  // namespace tenter
