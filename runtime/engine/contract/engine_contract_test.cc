// ENG-1..8, 10 and 11, on every engine. Random programs against a sequential model are at the end.
#include "runtime/base/rng.h"
#include "runtime/engine/contract/engine_fixture.h"

namespace tenter {
namespace {

class EngineContract : public EngineTest {};
TENTER_INSTANTIATE_ENGINES(EngineContract);

// ENG-1: writes of one var take effect in push order. The plain int would be a race if they did
// not.
TEST_P(EngineContract, WritesOfOneVarRunInPushOrder) {
  const Var v = NewVar();
  std::vector<int> order;
  for (int i = 0; i < 200; ++i) Push("w", {}, {v}, [&order, i] { order.push_back(i); });
  engine_->WaitForVar(v);
  ASSERT_EQ(order.size(), 200u);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(order[i], i);
}

// ENG-1: reads between two writes may run together: two reads that wait for each other must not
// hang.
TEST_P(EngineContract, ReadsBetweenWritesRunTogether) {
  if (GetParam() < 2) GTEST_SKIP() << "needs two workers";
  const Var v = NewVar();
  Gate first, second;
  Push("r1", {v}, {}, [&] { first.Open(), second.Wait(); });
  Push("r2", {v}, {}, [&] { second.Open(), first.Wait(); });
  Push("w", {}, {v}, [] {});
  engine_->WaitForVar(v);
}

// ENG-2: two threads push over the same two vars in opposite orders; a torn push would make a
// cycle.
TEST_P(EngineContract, PushOverSeveralVarsIsAtomic) {
  const Var a = NewVar(), b = NewVar();
  int64_t both = 0;  // guarded by a and b together: every op below updates both
  std::vector<Thread> pushers(4);
  for (size_t t = 0; t < pushers.size(); ++t)
    ASSERT_TRUE(
        pushers[t]
            .Start(
                "pusher",
                [&, t] {
                  const std::vector<Var> vars = t % 2 == 0 ? std::vector{a, b} : std::vector{b, a};
                  for (int i = 0; i < 500; ++i) Push("ab", {}, vars, [&] { ++both; });
                })
            .ok());
  for (Thread& pusher : pushers) pusher.Join();
  engine_->WaitForAll();
  EXPECT_EQ(both, 4 * 500);
}

// ENG-3: what one thread pushes keeps its order on every var that its ops share, among other
// pushers.
TEST_P(EngineContract, ProgramOrderOfEachThreadHolds) {
  const Var shared = NewVar();
  std::vector<std::vector<int>> seen(4);
  std::vector<Thread> pushers(4);
  for (int t = 0; t < 4; ++t)
    ASSERT_TRUE(pushers[t]
                    .Start("pusher",
                           [&, t] {
                             for (int i = 0; i < 100; ++i)
                               Push("w", {}, {shared}, [&seen, t, i] { seen[t].push_back(i); });
                           })
                    .ok());
  for (Thread& pusher : pushers) pusher.Join();
  engine_->WaitForVar(shared);
  for (const auto& sequence : seen) {
    ASSERT_EQ(sequence.size(), 100u);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(sequence[i], i);
  }
}

// ENG-4: duplicates in and across the sets neither hang nor crash.
TEST_P(EngineContract, DuplicateVarsAreCollapsed) {
  const Var v = NewVar(), w = NewVar();
  int runs = 0;
  Push("all twice", {v, v, w}, {v, v}, [&] { ++runs; });
  Push("read twice", {v, v}, {w}, [&] { ++runs; });
  engine_->WaitForVar(w);
  EXPECT_EQ(runs, 2);
}

// ENG-5: an async op may complete later, from another thread, and counts once.
TEST_P(EngineContract, AsyncOpEndsOnceFromAnyThread) {
  const Var v = NewVar();
  HandleBox box;
  Thread other;
  ASSERT_TRUE(other.Start("completer", [&] { box.Take().Done(); }).ok());
  PushAsync("async", {}, {v}, [&](Completion done) { box.Put(std::move(done)); });
  engine_->WaitForVar(v);
  EXPECT_EQ(engine_->counts().ran, 1u);
}

// ENG-5: a handle that is destroyed uncalled fails the op, during the body or after it.
TEST_P(EngineContract, DroppedCompletionFailsTheOp) {
  const Var v = NewVar();
  PushAsync("drops at once", {}, {v}, [](Completion) {});
  try {
    engine_->WaitForVar(v);
    FAIL() << "did not throw";
  } catch (const StatusError& error) {
    EXPECT_EQ(error.status().code(), StatusCode::kCompletionDropped);
  }
  HandleBox box;
  Thread other;
  ASSERT_TRUE(other.Start("dropper", [&] { box.Take(); }).ok());
  PushAsync("drops later", {}, {v}, [&](Completion done) { box.Put(std::move(done)); });
  EXPECT_THROW(engine_->WaitForVar(v), StatusError);
  EXPECT_EQ(engine_->counts().failed, 2u);
}

using EngineContractDeathTest = EngineContract;
TENTER_INSTANTIATE_ENGINES(EngineContractDeathTest);

// ENG-5: calling a completion twice is a checked programming error.
TEST_P(EngineContractDeathTest, CompletingTwiceIsAProgrammerError) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        PushAsync("twice", {}, {}, [](Completion done) {
          done.Done();
          done.Done();
        });
        engine_.reset();  // joins the workers, so that the second call is reached
      },
      "called twice");
}

// ENG-6: WaitForVar waits for writes pushed before the call, not for reads.
TEST_P(EngineContract, WaitForVarDoesNotWaitForReads) {
  if (naive()) GTEST_SKIP() << "the naive engine has no pending reads";
  const Var v = NewVar();
  Gate release;
  bool written = false;
  Push("write", {}, {v}, [&] { written = true; });
  Push("slow read", {v}, {}, [&] { release.Wait(); });
  engine_->WaitForVar(v);
  EXPECT_TRUE(written);
  release.Open();
  engine_->WaitForAll();
}

// ENG-6: WaitForAll returns when everything pushed before the call has ended, async ops included.
TEST_P(EngineContract, WaitForAllWaitsForEverything) {
  Atomic<int> ended = 0;
  std::vector<HandleBox> boxes(8);
  std::vector<Thread> completers(8);
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(completers[i]
                    .Start("completer",
                           [&, i] {
                             Completion handle = boxes[i].Take();
                             ended.FetchAdd(1, kRelaxed);
                             handle.Done();
                           })
                    .ok());
    PushAsync("async", {}, {NewVar()}, [&, i](Completion done) { boxes[i].Put(std::move(done)); });
  }
  engine_->WaitForAll();
  EXPECT_EQ(ended.Load(kRelaxed), 8);
}

// ENG-6: a later push does not keep WaitForAll from returning, however long it runs.
TEST_P(EngineContract, WaitForAllDoesNotWaitForLaterPushes) {
  if (naive()) GTEST_SKIP() << "an op that waits for another thread's wait cannot end in the push";
  Gate start, returned;
  std::vector<Gate> running(GetParam());
  for (Gate& gate : running) Push("blocker", {}, {}, [&] { gate.Open(), start.Wait(); });
  for (Gate& gate : running) gate.Wait();
  for (int i = 0; i < 100; ++i) Push("before", {}, {}, [] {});
  Thread waiter;
  ASSERT_TRUE(waiter.Start("waiter", [&] { engine_->WaitForAll(), returned.Open(); }).ok());
  while (engine_->Snapshot().waiting_for_all == 0) {
  }
  for (int i = 0; i < GetParam(); ++i) Push("later", {}, {}, [&] { returned.Wait(); });
  start.Open();
  waiter.Join();
  engine_->WaitForAll();  // the later ops use the gate
}

// ENG-7: a wait inside an op is refused at once, and names the op.
TEST_P(EngineContract, WaitInsideAnOpIsRefused) {
  const Var v = NewVar(), w = NewVar();
  Push("slow", {}, {v}, [] {});
  Push("impatient", {}, {w}, [&] { engine_->WaitForVar(v); });
  Push("very impatient", {}, {NewVar()}, [&] { engine_->WaitForAll(); });
  try {
    engine_->WaitForVar(w);
    FAIL() << "did not throw";
  } catch (const StatusError& error) {
    EXPECT_EQ(error.status().code(), StatusCode::kWaitInsideOp);
    EXPECT_NE(error.status().message().find("'impatient'"), std::string::npos);
  }
  EXPECT_THROW(engine_->WaitForAll(), AggregateError);
}

// ENG-7: who asks whether it may wait is told at once, also while another thread's op runs.
TEST_P(EngineContract, AskingWhetherOneMayWaitDoesNotWait) {
  Gate runs, go;
  Status inside;
  Thread pusher;
  ASSERT_TRUE(pusher
                  .Start("pusher",
                         [&] {
                           Push("busy", {}, {NewVar()}, [&] {
                             inside = engine_->RefuseInsideOp("a nap");
                             runs.Open();
                             go.Wait();
                           });
                         })
                  .ok());
  runs.Wait();
  EXPECT_TRUE(engine_->RefuseInsideOp("a nap").ok());
  go.Open();
  pusher.Join();
  engine_->WaitForAll();
  EXPECT_EQ(inside.code(), StatusCode::kWaitInsideOp);
  EXPECT_TRUE(inside.message().starts_with("a nap was called inside op 'busy' (push "));
}

// ENG-7: what a body captured is destroyed inside the op, and may not wait either.
TEST_P(EngineContract, WaitWhileABodyIsDestroyedIsRefused) {
  struct Waiter {
    Engine* engine;
    Var var;
    StatusCode* seen;
    ~Waiter() { *seen = engine->AwaitVar(var).status().code(); }
  };
  const Var v = NewVar();
  StatusCode seen = StatusCode::kOk;
  const Waiter* const waiter = new Waiter{engine_.get(), v, &seen};
  const std::shared_ptr<const Waiter> shared(waiter);
  auto body = [kept = shared](const OpContext&) {};
  const_cast<std::shared_ptr<const Waiter>&>(shared).reset();
  engine_->Push({.name = "captures", .writes = {v}, .body = std::move(body)}).value();
  engine_->WaitForVar(v);
  EXPECT_EQ(seen, StatusCode::kWaitInsideOp);
}

// ENG-8: deletion takes effect after earlier uses; the handle is stale at once, and stays so.
TEST_P(EngineContract, DeletedVarIsStaleAndDeletedLast) {
  const Var v = NewVar();
  std::vector<std::string> order;
  Push("use", {}, {v}, [&] { order.push_back("use"); });
  ASSERT_TRUE(engine_->DeleteVar(v, [&] { order.push_back("delete"); }).ok());
  EXPECT_EQ(engine_->Push({.name = "late", .reads = {v}, .body = [](const OpContext&) {}})
                .status()
                .code(),
            StatusCode::kStaleHandle);
  EXPECT_EQ(engine_->DeleteVar(v).code(), StatusCode::kStaleHandle);
  engine_->WaitForAll();
  EXPECT_EQ(order, (std::vector<std::string>{"use", "delete"}));
  const Var reused = NewVar();
  EXPECT_EQ(reused.index, v.index);
  EXPECT_EQ(engine_->AwaitVar(v).status().code(), StatusCode::kStaleHandle);
  EXPECT_EQ(engine_->counts().live_vars, 1u);
}

// ENG-8, ENG-11: of several stale handles every engine names the same.
TEST_P(EngineContract, TheSmallestStaleHandleIsNamed) {
  const Var a = NewVar(), b = NewVar(), c = NewVar();
  for (const Var& var : {a, c}) ASSERT_TRUE(engine_->DeleteVar(var).ok());
  const Status status =
      engine_
          ->Push({.name = "late", .reads = {c, b}, .writes = {a}, .body = [](const OpContext&) {}})
          .status();
  EXPECT_NE(status.message().find(a.ToString()), std::string::npos) << status.message();
}

// ENG-10: priority orders ready ops, and never overrides a dependency.
TEST_P(EngineContract, PriorityOrdersReadyOpsOnly) {
  if (GetParam() != 1) GTEST_SKIP() << "one worker, so that the order of ready ops is visible";
  Gate start;
  std::vector<std::string> order;
  const Var v = NewVar();
  Push("blocker", {}, {}, [&] { start.Wait(); });
  Push(
      "low", {}, {v}, [&] { order.push_back("low"); }, -1);
  Push(
      "high but after low", {v}, {}, [&] { order.push_back("dependent"); }, 9);
  Push(
      "high", {}, {}, [&] { order.push_back("high"); }, 5);
  start.Open();
  engine_->WaitForAll();
  EXPECT_EQ(order, (std::vector<std::string>{"high", "low", "dependent"}));
}

TEST_P(EngineContract, PushWithoutABodyIsRefused) {
  EXPECT_EQ(engine_->Push({.name = "empty"}).status().code(), StatusCode::kInvalidArgument);
}

TEST_P(EngineContract, OpsMayPushOps) {
  const Var v = NewVar();
  int value = 0;
  Push("outer", {}, {v}, [&] {
    Push("inner", {}, {v}, [&] { value = value * 10 + 2; });
    value = 1;
  });
  engine_->WaitForAll();  // the outer op has ended, so the inner one has been pushed
  engine_->WaitForVar(v);
  EXPECT_EQ(value, 12);
}

// A program of random reads, writes, updates and failures, as the engines and a model of a few
// lines see it.
struct Step {
  std::vector<uint32_t> reads, writes;
  bool fails;
};

std::vector<Step> RandomProgram(Rng& rng, uint32_t vars, int steps) {
  std::vector<Step> program(steps);
  for (Step& step : program) {
    for (uint64_t n = rng.Below(4); n > 0; --n)
      step.reads.push_back(static_cast<uint32_t>(rng.Below(vars)));
    for (uint64_t n = rng.Below(3); n > 0; --n)
      step.writes.push_back(static_cast<uint32_t>(rng.Below(vars)));
    step.fails = rng.Chance(10);
  }
  return program;
}

// The value of each var, or the push number of the root that poisons it (negative).
std::vector<int64_t> Model(const std::vector<Step>& program, uint32_t vars) {
  std::vector<int64_t> state(vars, 1);
  for (size_t i = 0; i < program.size(); ++i) {
    const Step& step = program[i];
    int64_t root = INT64_MIN, sum = static_cast<int64_t>(i);
    for (const uint32_t r : step.reads)
      if (state[r] < 0) root = std::max(root, state[r]);
    if (root == INT64_MIN) {
      for (const uint32_t r : step.reads) sum = (sum * 31 + state[r]) % 1000003;
      if (step.fails) root = -static_cast<int64_t>(i + 1);
    }
    for (const uint32_t w : step.writes) state[w] = root == INT64_MIN ? sum : root;
  }
  return state;
}

// ENG-11, ERR-2, ERR-3, ERR-4: values, poison and winning roots agree with the model on every
// engine.
TEST_P(EngineContract, RandomProgramsAgreeWithTheModel) {
  constexpr uint32_t kVars = 6;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Make();
    Rng rng(seed);
    const std::vector<Step> program = RandomProgram(rng, kVars, 60);
    std::vector<Var> vars;
    for (uint32_t i = 0; i < kVars; ++i) vars.push_back(NewVar());
    std::vector<int64_t> values(kVars, 1);
    for (size_t i = 0; i < program.size(); ++i) {
      const Step& step = program[i];
      std::vector<Var> reads, writes;
      for (const uint32_t r : step.reads) reads.push_back(vars[r]);
      for (const uint32_t w : step.writes) writes.push_back(vars[w]);
      Push("op" + std::to_string(i), reads, writes, [&values, &step, i] {
        int64_t sum = static_cast<int64_t>(i);
        for (const uint32_t r : step.reads) sum = (sum * 31 + values[r]) % 1000003;
        if (step.fails) throw std::runtime_error("planted");
        for (const uint32_t w : step.writes) values[w] = sum;
      });
    }
    const std::vector<int64_t> expected = Model(program, kVars);
    for (uint32_t i = 0; i < kVars; ++i) {
      const PoisonPtr poison = engine_->AwaitVar(vars[i]).value();
      const int64_t found =
          poison == nullptr ? values[i] : -static_cast<int64_t>(poison->root()->push_number());
      ASSERT_EQ(found, expected[i]) << "v" << i;
    }
    // Ops that write nothing may still run: they use this round's locals.
    ASSERT_TRUE(engine_->Stop(StopMode::kDrain).ok());
  }
}

}  // namespace
}  // namespace tenter
