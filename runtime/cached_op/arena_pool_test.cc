// COP-2: who gets room when, and what idle arenas hold.
#include "runtime/cached_op/arena_pool.h"

#include <gtest/gtest.h>

#include "runtime/base/gate.h"
#include "runtime/base/thread.h"
#include "runtime/cached_op/plan_cache.h"
#include "runtime/cached_op/test_model.h"

namespace tenter {
namespace {

class ArenaPoolTest : public testing::Test {
 protected:
  std::shared_ptr<const Plan> PlanOf(int64_t rows) {
    const std::vector<TensorSpec> signature = {{DType::kFloat32, Shape({rows, 8})}};
    return Plan::Compile(*graph_, signature, {.kernels = KernelChoice::kReference}).value();
  }
  uint64_t LiveVars() {
    engine_->WaitForAll();
    return engine_->counts().live_vars;
  }
  static void AwaitWaiting(const ArenaPool& pool, size_t count) {
    while (pool.waiting() != count) YieldThread();
  }

  const std::shared_ptr<const Graph> graph_ = BranchModel();
  const std::unique_ptr<Engine> engine_ = MakeEngine({.workers = 1});
};

// Room is handed on in order of arrival, also against callers that come when it becomes free.
TEST_F(ArenaPoolTest, ServesInOrderOfArrival) {
  constexpr int kWaiters = 6;
  ArenaPool pool(engine_.get(), 1, WhenFull::kQueue, nullptr);
  const auto plan = PlanOf(1);
  std::vector<int> served;  // by whoever has the only room
  std::vector<Thread> threads(kWaiters);
  {
    const ArenaLease lease = pool.Acquire(plan).value();
    for (int i = 0; i < kWaiters; ++i) {
      ASSERT_TRUE(threads[i]
                      .Start("waiter",
                             [&, i] {
                               const ArenaLease mine = pool.Acquire(plan).value();
                               served.push_back(i);
                             })
                      .ok());
      AwaitWaiting(pool, i + 1);
    }
  }
  {
    const ArenaLease newcomer = pool.Acquire(plan).value();
    served.push_back(kWaiters);
  }
  for (Thread& thread : threads) thread.Join();
  EXPECT_EQ(served, (std::vector<int>{0, 1, 2, 3, 4, 5, 6}));
}

// COP-4: closing wakes those who wait, and turns them away.
TEST_F(ArenaPoolTest, CloseTurnsThoseAwayWhoWait) {
  ArenaPool pool(engine_.get(), 1, WhenFull::kQueue, nullptr);
  const auto plan = PlanOf(1);
  const ArenaLease lease = pool.Acquire(plan).value();
  std::vector<Thread> threads(3);
  for (Thread& thread : threads)
    ASSERT_TRUE(
        thread
            .Start("waiter",
                   [&] { EXPECT_EQ(pool.Acquire(plan).status().code(), StatusCode::kClosed); })
            .ok());
  AwaitWaiting(pool, threads.size());
  pool.Close();
  for (Thread& thread : threads) thread.Join();
  EXPECT_EQ(pool.in_flight(), 1u);
}

// An idle arena does not keep a plan that the cache has dropped, and goes at the next call.
TEST_F(ArenaPoolTest, IdleArenasPinNoEvictedPlan) {
  PlanCache cache(1, [&](std::span<const TensorSpec> signature) {
    return Plan::Compile(*graph_, signature, {.kernels = KernelChoice::kReference});
  });
  ArenaPool pool(engine_.get(), 8, WhenFull::kQueue, nullptr);
  std::vector<std::weak_ptr<const Plan>> plans;
  uint64_t vars_of_one = 0;
  for (int64_t rows = 1; rows <= 6; ++rows) {
    const std::vector<TensorSpec> signature = {{DType::kFloat32, Shape({rows, 8})}};
    std::shared_ptr<const Plan> plan = cache.Get(signature).value();
    plans.push_back(plan);
    const ArenaLease lease = pool.Acquire(std::move(plan)).value();
    if (vars_of_one == 0) vars_of_one = LiveVars();
    EXPECT_EQ(LiveVars(), vars_of_one) << rows;
    for (size_t i = 0; i + 1 < plans.size(); ++i) EXPECT_TRUE(plans[i].expired()) << i;
  }
  EXPECT_EQ(pool.idle(), 1u);
}

// A plan that is dropped while it is in use ends with its last request, and its arena with it.
TEST_F(ArenaPoolTest, ArenaOfADroppedPlanIsNotKept) {
  ArenaPool pool(engine_.get(), 8, WhenFull::kQueue, nullptr);
  std::shared_ptr<const Plan> plan = PlanOf(1);
  const std::weak_ptr<const Plan> dropped = plan;
  {
    const ArenaLease lease = pool.Acquire(std::move(plan)).value();
    EXPECT_FALSE(dropped.expired());
  }
  EXPECT_TRUE(dropped.expired());
  EXPECT_EQ(pool.idle(), 0u);
  EXPECT_EQ(LiveVars(), 0u);
}

// An arena that comes back while the pool closes is destroyed before its room is free: whoever
// waits for the last lease may destroy the engine then.
TEST_F(ArenaPoolTest, NoArenaIsIdleAfterClose) {
  const auto plan = PlanOf(1);
  for (int round = 0; round < 300; ++round) {
    ArenaPool pool(engine_.get(), 2, WhenFull::kQueue, nullptr);
    auto lease = std::make_unique<ArenaLease>(pool.Acquire(plan).value());
    Thread closer;
    ASSERT_TRUE(closer.Start("closer", [&] { pool.Close(); }).ok());
    lease.reset();
    closer.Join();
    ASSERT_EQ(pool.idle(), 0u) << "round " << round;
    ASSERT_EQ(LiveVars(), 0u) << "round " << round;
  }
}

// A lease ends when the ops that refer to its arena have ended, and not before.
TEST_F(ArenaPoolTest, LeaseWaitsForTheOps) {
  ArenaPool pool(engine_.get(), 1, WhenFull::kQueue, nullptr);
  const auto plan = PlanOf(1);
  Gate go;
  Atomic<bool> ended = false;
  {
    const ArenaLease lease = pool.Acquire(plan).value();
    Arena* const arena = &*lease;
    arena->BodyMade();
    engine_
        ->Push({.name = "op",
                .body =
                    [&, arena](const OpContext&) {
                      go.Wait();
                      ended.Store(true, kRelaxed);
                      arena->BodyGone();
                    }})
        .value();
    go.Open();
  }
  EXPECT_TRUE(ended.Load(kRelaxed));
  EXPECT_EQ(pool.in_flight(), 0u);
}

}  // namespace
}  // namespace tenter
