#include "runtime/cached_op/plan_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "runtime/base/atomic.h"
#include "runtime/base/thread.h"
#include "runtime/cached_op/test_model.h"

namespace tenter {
namespace {

std::vector<TensorSpec> Signature(int64_t rows) { return {{DType::kFloat32, Shape({rows, 8})}}; }

PlanCache::CompileFunction Compiler(std::shared_ptr<const Graph> graph) {
  return [graph](std::span<const TensorSpec> signature) {
    return Plan::Compile(*graph, signature, {.kernels = KernelChoice::kReference});
  };
}

// COP-3: many threads ask for one signature first; it is compiled once and all get the same plan.
TEST(PlanCache, CompilesOncePerSignatureUnderConcurrency) {
  PlanCache cache({.plans = 4}, Compiler(BranchModel()));
  std::vector<std::shared_ptr<const Plan>> plans(16);
  {
    std::vector<Thread> threads(16);
    for (size_t i = 0; i < threads.size(); ++i)
      ASSERT_TRUE(
          threads[i].Start("asker", [&, i] { plans[i] = cache.Get(Signature(3)).value(); }).ok());
  }
  EXPECT_EQ(cache.compilations(), 1u);
  for (const auto& plan : plans) EXPECT_EQ(plan, plans[0]);
}

// COP-3: the cache is bounded; the least recently used plan goes, and compiles again when asked
// for.
TEST(PlanCache, EvictsTheLeastRecentlyUsed) {
  PlanCache cache({.plans = 2}, Compiler(BranchModel()));
  cache.Get(Signature(1)).value();
  cache.Get(Signature(2)).value();
  cache.Get(Signature(1)).value();
  cache.Get(Signature(3)).value();
  cache.Get(Signature(1)).value();
  EXPECT_EQ(cache.compilations(), 3u);
  cache.Get(Signature(2)).value();
  EXPECT_EQ(cache.compilations(), 4u);
}

// COP-3: so is the cost of the plans; the one that was used last stays, whatever it costs.
TEST(PlanCache, IsBoundedByBytes) {
  const size_t of_one = Compiler(BranchModel())(Signature(1)).value()->bytes();
  PlanCache cache({.bytes = 3 * of_one}, Compiler(BranchModel()));
  for (int64_t rows = 1; rows <= 20; ++rows) {
    cache.Get(Signature(rows)).value();
    EXPECT_EQ(cache.kept().plans, static_cast<size_t>(std::min<int64_t>(rows, 3)));
    EXPECT_EQ(cache.kept().bytes, cache.kept().plans * of_one);
  }
  PlanCache small({.bytes = 1}, Compiler(BranchModel()));
  for (int i = 0; i < 2; ++i) {
    const auto plan = small.Get(Signature(1)).value();
    EXPECT_EQ(small.kept().plans, 1u);
  }
  EXPECT_EQ(small.compilations(), 1u);
}

// COP-3: a compilation that fails or throws releases everybody, and the next call tries again.
TEST(PlanCache, FailedCompilationIsNotCached) {
  const auto graph = BranchModel();
  Atomic<int> calls = 0;
  PlanCache cache({.plans = 2}, [&](std::span<const TensorSpec> signature) {
    if (calls.FetchAdd(1, kRelaxed) == 0) throw std::runtime_error("planted");
    return Plan::Compile(*graph, signature, {.kernels = KernelChoice::kReference});
  });
  const Status status = cache.Get(Signature(1)).status();
  EXPECT_NE(status.message().find("planted"), std::string::npos);
  EXPECT_TRUE(cache.Get(Signature(1)).ok());
  EXPECT_EQ(cache.compilations(), 2u);
}

TEST(SignatureKey, TellsDtypeRankAndDimsApart) {
  const std::vector<TensorSpec> a = {{DType::kFloat32, Shape({1, 2})}};
  const std::vector<TensorSpec> b = {{DType::kInt32, Shape({1, 2})}};
  const std::vector<TensorSpec> c = {{DType::kFloat32, Shape({12})}};
  EXPECT_NE(SignatureKey(a), SignatureKey(b));
  EXPECT_NE(SignatureKey(a), SignatureKey(c));
}

}  // namespace
}  // namespace tenter
