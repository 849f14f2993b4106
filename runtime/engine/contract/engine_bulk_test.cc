// Bulks, on every engine: ops that are pushed in groups mean what they mean alone.
#include "runtime/base/rng.h"
#include "runtime/engine/contract/engine_fixture.h"

namespace tenter {
namespace {

class EngineBulk : public EngineTest {};
TENTER_INSTANTIATE_ENGINES(EngineBulk);

OpBody Call(std::function<void()> run) {
  return [run = std::move(run)](const OpContext&) { run(); };
}

// ENG-6: a wait flushes, by whomever it is called.
TEST_P(EngineBulk, NeverDelaysAWait) {
  const Var v = NewVar();
  int runs = 0;
  const auto bulk = engine_->NewBulk(100);
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(bulk->Push({.name = "w", .writes = {v}, .body = Call([&] { ++runs; })}).ok());
  Thread other;
  ASSERT_TRUE(other.Start("waiter", [&] { engine_->WaitForVar(v); }).ok());
  other.Join();
  EXPECT_EQ(runs, 10);
  ASSERT_TRUE(bulk->Push({.name = "w", .writes = {v}, .body = Call([&] { ++runs; })}).ok());
  engine_->WaitForAll();
  EXPECT_EQ(runs, 11);
  ASSERT_TRUE(bulk->Push({.name = "w", .writes = {v}, .body = Call([&] { ++runs; })}).ok());
  ASSERT_TRUE(engine_->Stop(StopMode::kDrain).ok());
  EXPECT_EQ(runs, 12);
}

// ENG-3: what the thread pushes beside the bulk keeps its place.
TEST_P(EngineBulk, KeepsTheOrderOfItsThread) {
  const Var v = NewVar();
  std::vector<int> order;
  {
    const auto bulk = engine_->NewBulk(7);
    for (int i = 0; i < 100; ++i) {
      if (i % 10 == 5)
        Push("beside", {}, {v}, [&, i] { order.push_back(i); });
      else
        ASSERT_TRUE(bulk->Push({.name = "in the bulk", .writes = {v}, .body = Call([&, i] {
                                                                        order.push_back(i);
                                                                      })})
                        .ok());
    }
  }
  engine_->WaitForVar(v);
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
}

// ENG-3: of two bulks of one thread the order of pushes is kept too.
// What cannot be in a group goes after the group, also when another thread than the owner pushes.
TEST_P(EngineBulk, KeepsItsOwnOrderForOtherThreads) {
  const Var v = NewVar();
  std::vector<std::string> order;
  const auto bulk = engine_->NewBulk(100);
  Thread other;
  ASSERT_TRUE(
      other
          .Start("other",
                 [&] {
                   const auto note = [&](const char* name) {
                     return Call([&order, name] { order.push_back(name); });
                   };
                   EXPECT_TRUE(bulk->Push({.name = "a", .writes = {v}, .body = note("a")}).ok());
                   EXPECT_TRUE(
                       bulk->Push({.name = "b", .writes = {v}, .priority = 1, .body = note("b")})
                           .ok());
                 })
          .ok());
  other.Join();
  engine_->WaitForAll();
  EXPECT_EQ(order, (std::vector<std::string>{"a", "b"}));
}

TEST_P(EngineBulk, TwoBulksOfOneThreadKeepTheirOrder) {
  const Var v = NewVar();
  std::vector<int> order;
  {
    const auto small = engine_->NewBulk(1), large = engine_->NewBulk(50);
    for (int i = 0; i < 60; ++i)
      ASSERT_TRUE(
          (i % 3 == 0 ? small : large)
              ->Push({.name = "w", .writes = {v}, .body = Call([&, i] { order.push_back(i); })})
              .ok());
  }
  engine_->WaitForVar(v);
  ASSERT_EQ(order.size(), 60u);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(order[i], i);
}

// ERR-2: the published engine poisons the whole group; here a member fails alone.
TEST_P(EngineBulk, AFailingMemberFailsAlone) {
  const Var a = NewVar(), b = NewVar(), c = NewVar(), d = NewVar();
  bool ran = false;
  int healthy = 0;
  {
    const auto bulk = engine_->NewBulk();
    for (int i = 0; i < 3; ++i)
      ASSERT_TRUE(bulk->Push({.name = "ok", .writes = {b}, .body = Call([&] { ++healthy; })}).ok());
    ASSERT_TRUE(bulk->Push({.name = "fails", .writes = {a}, .body = Call([] {
                                                              throw std::runtime_error("boom");
                                                            })})
                    .ok());
    ASSERT_TRUE(bulk->Push({.name = "child", .reads = {a}, .writes = {c}, .body = Call([&] {
                                                                            ran = true;
                                                                          })})
                    .ok());
    ASSERT_TRUE(
        bulk->Push({.name = "sibling", .writes = {d}, .body = Call([&] { ++healthy; })}).ok());
  }
  engine_->WaitForVar(b);
  engine_->WaitForVar(d);
  EXPECT_EQ(healthy, 4);
  EXPECT_THROW(engine_->WaitForVar(c), std::runtime_error);
  EXPECT_FALSE(ran);
  const FailurePtr failure = engine_->LastFailure();
  EXPECT_EQ(failure->op(), "fails");
  EXPECT_EQ(failure->push_number(), 4u);
  ASSERT_EQ(failure->Chain().size(), 1u);
  EXPECT_EQ(failure->Chain()[0].push_number, 5u);
  EXPECT_THROW(engine_->WaitForAll(), AggregateError);
}

// ENG-8: an op that is refused does not take its group with it, and its owner hears of it.
TEST_P(EngineBulk, ARefusedMemberIsRefusedAlone) {
  const Var good = NewVar(), stale = NewVar();
  ASSERT_TRUE(engine_->DeleteVar(stale).ok());
  // Groups of one and two as well: a later one that is accepted hides no refusal.
  for (const size_t most_ops : {size_t{1}, size_t{2}, Bulk::kDefaultOps}) {
    int runs = 0;
    const auto bulk = engine_->NewBulk(most_ops);
    Status refused;
    for (const Var v : {good, stale, good}) {
      Status status = bulk->Push({.name = "w", .writes = {v}, .body = Call([&] { ++runs; })});
      if (!status.ok()) refused = status;
    }
    if (Status status = bulk->Flush(); !status.ok()) refused = status;
    EXPECT_EQ(refused.code(), StatusCode::kStaleHandle) << most_ops;
    EXPECT_TRUE(bulk->Flush().ok()) << "told once";
    engine_->WaitForAll();
    EXPECT_EQ(runs, 2);
  }
}

// What a refused op captured may call the engine when it is destroyed.
TEST_P(EngineBulk, ARefusedMemberIsDestroyedWithoutALock) {
  const Var good = NewVar(), stale = NewVar();
  ASSERT_TRUE(engine_->DeleteVar(stale).ok());
  int runs = 0;
  const std::shared_ptr<void> pushes(nullptr,
                                     [&](void*) { Push("late", {}, {good}, [&] { ++runs; }); });
  const auto bulk = engine_->NewBulk();
  {
    auto kept = pushes;
    const_cast<std::shared_ptr<void>&>(pushes).reset();
    static_cast<void>(bulk->Push({.name = "stale",
                                  .writes = {stale},
                                  .body = [kept = std::move(kept)](const OpContext&) {}}));
  }
  static_cast<void>(bulk->Flush());
  engine_->WaitForVar(good);
  EXPECT_EQ(runs, 1);
}

// ENG-2, ENG-11, ERR-3: random programs in bulks of several threads, against one thread without.
TEST_P(EngineBulk, RandomGroupsAgreeWithAModel) {
  constexpr uint32_t kVars = 5;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Make();
    Rng rng(seed);
    std::vector<Var> vars;
    for (uint32_t i = 0; i < kVars; ++i) vars.push_back(NewVar());
    std::vector<int64_t> values(kVars, 1), model(kVars, 1);
    std::vector<bool> poisoned(kVars, false);
    const auto bulk = engine_->NewBulk(1 + rng.Below(10));
    for (int i = 0; i < 80; ++i) {
      const auto read = static_cast<uint32_t>(rng.Below(kVars));
      const auto written = static_cast<uint32_t>(rng.Below(kVars));
      const bool fails = rng.Chance(10);
      ASSERT_TRUE(bulk->Push({.name = "op",
                              .reads = {vars[read]},
                              .writes = {vars[written]},
                              .body =
                                  [&values, read, written, fails](const OpContext&) {
                                    if (fails) throw std::runtime_error("planted");
                                    values[written] = (values[read] * 31 + written) % 1000003;
                                  }})
                      .ok());
      if (poisoned[read] || fails)
        poisoned[written] = true;
      else
        poisoned[written] = false, model[written] = (model[read] * 31 + written) % 1000003;
    }
    ASSERT_TRUE(bulk->Flush().ok());
    for (uint32_t i = 0; i < kVars; ++i) {
      const PoisonPtr poison = engine_->AwaitVar(vars[i]).value();
      ASSERT_EQ(poison != nullptr, poisoned[i]) << "v" << i;
      if (!poisoned[i]) {
        ASSERT_EQ(values[i], model[i]) << "v" << i;
      }
    }
    ASSERT_TRUE(engine_->Stop(StopMode::kDrain).ok());
  }
}

}  // namespace
}  // namespace tenter
