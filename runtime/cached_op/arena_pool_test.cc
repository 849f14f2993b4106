// COP-2: who gets room when, and what idle arenas hold.
#include "runtime/cached_op/arena_pool.h"

#include <gtest/gtest.h>

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
  // Takes a place, with an arena.
  static void Take(ArenaPool& pool, Entrant* entrant, const std::shared_ptr<const Plan>& plan) {
    ASSERT_TRUE(pool.Enter(entrant, plan).value());
    ASSERT_TRUE(pool.Furnish(*entrant, plan).ok());
  }

  const std::shared_ptr<const Graph> graph_ = BranchModel();
  const std::unique_ptr<Engine> engine_ = MakeEngine({.workers = 1});
};

// Room is handed on by priority and in order of arrival, also against requests that come when it
// becomes free.
TEST_F(ArenaPoolTest, ServesByPriorityAndInOrderOfArrival) {
  ArenaPool pool(engine_.get(), {.running = 1}, nullptr);
  const auto plan = PlanOf(1);
  std::vector<Entrant> entrants(7);
  for (size_t i = 0; i < entrants.size(); ++i) {
    entrants[i].priority = std::vector<int>{0, 0, -1, 1, 0, 1, 2}[i];
    EXPECT_EQ(pool.Enter(&entrants[i], plan).value(), i == 0);
    EXPECT_EQ(pool.waiting(), i);
  }
  std::vector<size_t> served;
  for (Entrant* next = &entrants[0]; next != nullptr; next = pool.Return(*next))
    served.push_back(static_cast<size_t>(next - entrants.data()));
  EXPECT_EQ(served, (std::vector<size_t>{0, 6, 3, 5, 1, 4, 2}));
  EXPECT_EQ(pool.in_flight(), 0u);
  EXPECT_EQ(pool.waiting(), 0u);
  EXPECT_EQ(pool.Close(), nullptr);
}

// COP-2: with refusal there is room for so many, running and waiting.
TEST_F(ArenaPoolTest, RefusesByOption) {
  ArenaPool pool(engine_.get(), {.running = 1, .in_flight = 2, .when_full = WhenFull::kRefuse},
                 nullptr);
  const auto plan = PlanOf(1);
  std::vector<Entrant> entrants(3);
  EXPECT_TRUE(pool.Enter(&entrants[0], plan).value());
  EXPECT_FALSE(pool.Enter(&entrants[1], plan).value());
  EXPECT_EQ(pool.Enter(&entrants[2], plan).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(pool.Return(entrants[0]), &entrants[1]);
  EXPECT_FALSE(pool.Enter(&entrants[2], plan).value());
  EXPECT_EQ(pool.Return(entrants[1]), &entrants[2]);
  EXPECT_EQ(pool.Return(entrants[2]), nullptr);
  EXPECT_EQ(pool.Close(), nullptr);
}

// Who is withdrawn leaves the queue at once, wherever he stands in it; who has a place or comes
// later does not wait.
TEST_F(ArenaPoolTest, WhoIsWithdrawnWaitsNoLonger) {
  for (size_t gone = 1; gone < 4; ++gone) {
    ArenaPool pool(engine_.get(), {.running = 1}, nullptr);
    const auto plan = PlanOf(1);
    std::vector<Entrant> entrants(5);
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(pool.Enter(&entrants[i], plan).value(), i == 0);
    EXPECT_FALSE(pool.Withdraw(entrants[0]));
    EXPECT_TRUE(pool.Withdraw(entrants[gone]));
    EXPECT_FALSE(pool.Withdraw(entrants[gone]));
    EXPECT_EQ(pool.waiting(), 2u);
    EXPECT_FALSE(pool.Withdraw(entrants[4]));
    EXPECT_EQ(pool.Enter(&entrants[4], plan).status().code(), StatusCode::kStopped);
    size_t served = 0;
    for (Entrant* next = &entrants[0]; next != nullptr; next = pool.Return(*next)) {
      EXPECT_NE(next, &entrants[gone]);
      ++served;
    }
    EXPECT_EQ(served, 3u);
    EXPECT_EQ(pool.Close(), nullptr);
  }
}

// COP-4: closing takes out those who wait, and turns away those who come.
TEST_F(ArenaPoolTest, CloseTakesOutThoseWhoWait) {
  ArenaPool pool(engine_.get(), {.running = 1}, nullptr);
  const auto plan = PlanOf(1);
  std::vector<Entrant> entrants(4);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(pool.Enter(&entrants[i], plan).value(), i == 0);
  EXPECT_EQ(pool.Close(), &entrants[1]);
  EXPECT_EQ(entrants[1].after, &entrants[2]);
  EXPECT_EQ(entrants[2].after, nullptr);
  EXPECT_FALSE(pool.Withdraw(entrants[1]));
  EXPECT_EQ(pool.Enter(&entrants[3], plan).status().code(), StatusCode::kClosed);
  EXPECT_EQ(pool.in_flight(), 1u);
  EXPECT_EQ(pool.Return(entrants[0]), nullptr);
}

// An idle arena does not keep a plan that the cache has dropped, and serves the next one.
TEST_F(ArenaPoolTest, IdleArenasPinNoEvictedPlan) {
  PlanCache cache({.plans = 1}, [&](std::span<const TensorSpec> signature) {
    return Plan::Compile(*graph_, signature, {.kernels = KernelChoice::kReference});
  });
  ArenaPool pool(engine_.get(), {.running = 8}, nullptr);
  std::vector<std::weak_ptr<const Plan>> plans;
  uint64_t vars_of_one = 0;
  for (int64_t rows = 1; rows <= 6; ++rows) {
    const std::vector<TensorSpec> signature = {{DType::kFloat32, Shape({rows, 8})}};
    std::shared_ptr<const Plan> plan = cache.Get(signature).value();
    plans.push_back(plan);
    Entrant entrant;
    Take(pool, &entrant, plan);
    plan = nullptr;
    if (vars_of_one == 0) vars_of_one = LiveVars();
    EXPECT_EQ(LiveVars(), vars_of_one) << rows;
    for (size_t i = 0; i + 1 < plans.size(); ++i) EXPECT_TRUE(plans[i].expired()) << i;
    EXPECT_EQ(pool.Return(entrant), nullptr);
  }
  EXPECT_EQ(pool.idle(), 1u);
  EXPECT_EQ(pool.Close(), nullptr);
}

// A plan that is dropped while it is in use ends with its last request.
TEST_F(ArenaPoolTest, DroppedPlanEndsWithItsLastRequest) {
  ArenaPool pool(engine_.get(), {.running = 8}, nullptr);
  std::shared_ptr<const Plan> plan = PlanOf(1);
  const std::weak_ptr<const Plan> dropped = plan;
  Entrant entrant;
  Take(pool, &entrant, plan);
  plan = nullptr;
  EXPECT_FALSE(dropped.expired());
  EXPECT_EQ(pool.Return(entrant), nullptr);
  EXPECT_TRUE(dropped.expired());
  EXPECT_EQ(pool.Close(), nullptr);
  EXPECT_EQ(LiveVars(), 0u);
}

// One arena serves plans by turns: in the memory of the largest, as long as that is there.
TEST_F(ArenaPoolTest, OneArenaServesPlansByTurns) {
  ArenaPool pool(engine_.get(), {.running = 8}, nullptr);
  std::vector<std::shared_ptr<const Plan>> plans;
  for (const int64_t rows : {2, 1, 64, 3}) plans.push_back(PlanOf(rows));
  size_t most = 0;
  for (int round = 0; round < 2; ++round)
    for (const auto& plan : plans) {
      Entrant entrant;
      Take(pool, &entrant, plan);
      EXPECT_TRUE(entrant.arena().Fits(plan));
      most = std::max(most, Fitting::BytesFor(*plan));
      EXPECT_EQ(pool.bytes(), most);
      EXPECT_EQ(pool.Return(entrant), nullptr);
      EXPECT_EQ(pool.idle(), 1u);
    }
  for (auto& plan : plans) plan = nullptr;
  const auto small = PlanOf(1);
  Entrant entrant;
  Take(pool, &entrant, small);
  EXPECT_EQ(pool.bytes(), Fitting::BytesFor(*small));
  EXPECT_EQ(pool.Return(entrant), nullptr);
  EXPECT_EQ(pool.Close(), nullptr);
}

// Of idle arenas that fit, the one that was used last comes first; of those that do not, too.
TEST_F(ArenaPoolTest, WarmestArenaComesFirst) {
  ArenaPool pool(engine_.get(), {.running = 8}, nullptr);
  const auto plan = PlanOf(1), other = PlanOf(2), fresh = PlanOf(3);
  std::vector<Entrant> entrants(3);
  for (size_t i = 0; i < 3; ++i) Take(pool, &entrants[i], i == 0 ? other : plan);
  std::vector<const Arena*> arenas;
  for (const Entrant& entrant : entrants) arenas.push_back(&entrant.arena());
  for (const size_t i : {1, 2, 0}) EXPECT_EQ(pool.Return(entrants[i]), nullptr);
  std::vector<Entrant> later(3);
  Take(pool, &later[0], plan);
  Take(pool, &later[1], fresh);
  Take(pool, &later[2], plan);
  EXPECT_EQ(&later[0].arena(), arenas[2]);
  EXPECT_EQ(&later[1].arena(), arenas[0]);
  EXPECT_EQ(&later[2].arena(), arenas[1]);
  for (Entrant& entrant : later) EXPECT_EQ(pool.Return(entrant), nullptr);
  EXPECT_EQ(pool.Close(), nullptr);
}

// An arena that comes back while the pool closes is destroyed before its room is free: whoever
// waits for the last request may destroy the engine then.
TEST_F(ArenaPoolTest, NoArenaIsIdleAfterClose) {
  const auto plan = PlanOf(1);
  for (int round = 0; round < 300; ++round) {
    ArenaPool pool(engine_.get(), {.running = 2}, nullptr);
    Entrant entrant;
    Take(pool, &entrant, plan);
    Thread closer;
    ASSERT_TRUE(closer.Start("closer", [&] { EXPECT_EQ(pool.Close(), nullptr); }).ok());
    EXPECT_EQ(pool.Return(entrant), nullptr);
    closer.Join();
    ASSERT_EQ(pool.idle(), 0u) << "round " << round;
    ASSERT_EQ(LiveVars(), 0u) << "round " << round;
  }
}

}  // namespace
}  // namespace tenter
