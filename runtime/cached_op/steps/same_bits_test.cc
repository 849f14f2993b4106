#include "runtime/cached_op/steps/same_bits.h"

#include <gtest/gtest.h>

#include "runtime/cached_op/test_model.h"

namespace tenter {
namespace {

const TensorSpec kSignature[] = {{DType::kFloat32, Shape({2, 8})}};

TEST(SameBits, ReferenceKernelsSumInOneOrder) {
  const auto bits = CompareBits(*BranchModel(), kSignature,
                                {.kernels = KernelChoice::kReference, .way = Way::kInline}, 4, 7);
  ASSERT_TRUE(bits.ok()) << bits.status().ToString();
  EXPECT_TRUE(bits->same_results && bits->same_steps);
  EXPECT_FALSE(bits->first.has_value());
  EXPECT_EQ(bits->largest, 0.0f);
}

TEST(SameBits, NumbersAreNearWithEachKernel) {
  const auto bits = CompareBits(*BranchModel(), kSignature, {.way = Way::kInline}, 4, 7);
  ASSERT_TRUE(bits.ok()) << bits.status().ToString();
  EXPECT_EQ(bits->same_results, bits->largest == 0.0f);
  EXPECT_LT(bits->largest, 1e-5f);
}

TEST(SameBits, RowsThatAreMixedAreNotCompared) {
  Graph graph = *BranchModel();
  graph.nodes[0].op_type = "Transpose";
  graph.nodes[0].inputs.resize(1);
  EXPECT_FALSE(CompareBits(graph, kSignature, {.way = Way::kInline}, 2, 7).ok());
}

}  // namespace
}  // namespace tenter
