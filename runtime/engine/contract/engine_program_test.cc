// Captured programs, on every engine: a replay means what pushing the ops one by one means.
#include "runtime/base/rng.h"
#include "runtime/engine/contract/engine_fixture.h"

namespace tenter {
namespace {

class EngineProgram : public EngineTest {
 protected:
  ProgramPtr Capture(Recording recording) { return engine_->Capture(std::move(recording)).value(); }
};
TENTER_INSTANTIATE_ENGINES(EngineProgram);

OpBody Call(std::function<void()> run) {
  return [run = std::move(run)](const OpContext&) { run(); };
}

TEST_P(EngineProgram, EveryReplayRunsEveryOpInOrder) {
  const Var a = NewVar(), b = NewVar();
  int x = 0, y = 0;
  Recording recording;
  recording.Push({.name = "set", .writes = {a}, .body = Call([&] { x = x + 1; })});
  recording.Push({.name = "copy", .reads = {a}, .writes = {b}, .body = Call([&] { y = x; })});
  recording.Push({.name = "add", .reads = {b}, .writes = {a, b}, .body = Call([&] { x += y; })});
  const ProgramPtr program = Capture(std::move(recording));
  EXPECT_EQ(program->edges(), 2u) << "copy and add are connected already";
  int expected = 0;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(engine_->Replay(program).value(), static_cast<uint64_t>(3 * i + 1));
    expected = 2 * (expected + 1);
  }
  engine_->WaitForVar(a);
  EXPECT_EQ(x, expected);
  engine_->WaitForAll();
  EXPECT_EQ(engine_->counts().ran, 60u);
}

// ENG-1, ENG-2: replays take their place among pushes, as one event over all their vars.
TEST_P(EngineProgram, ReplaysAndPushesKeepTheirOrder) {
  const Var a = NewVar(), b = NewVar();
  std::vector<int> seen;  // guarded by a and b together
  Recording recording;
  recording.Push({.name = "on a", .writes = {a, b}, .body = Call([&] { seen.push_back(1); })});
  recording.Push({.name = "on b", .writes = {b, a}, .body = Call([&] { seen.push_back(2); })});
  const ProgramPtr program = Capture(std::move(recording));
  std::vector<Thread> pushers(4);
  for (Thread& pusher : pushers)
    ASSERT_TRUE(pusher
                    .Start("pusher",
                           [&] {
                             for (int i = 0; i < 50; ++i) {
                               engine_->Replay(program).value();
                               Push("between", {}, {a, b}, [&] { seen.push_back(3); });
                             }
                           })
                    .ok());
  for (Thread& pusher : pushers) pusher.Join();
  engine_->WaitForAll();
  ASSERT_EQ(seen.size(), 4u * 50 * 3);
  for (size_t i = 0; i < seen.size(); ++i)
    if (seen[i] == 1) {
      ASSERT_EQ(seen[i + 1], 2) << i;
    }
}

// ERR-2, ERR-6: a failing op poisons what it and its dependents write, and nothing else.
TEST_P(EngineProgram, AFailingOpFailsAlone) {
  const Var a = NewVar(), b = NewVar(), c = NewVar();
  bool fails = true, ran = false;
  int healthy = 0;
  Recording recording;
  recording.Push({.name = "fails", .writes = {a}, .body = Call([&] {
                                                    if (fails) throw std::runtime_error("boom");
                                                  })});
  recording.Push({.name = "sibling", .writes = {b}, .body = Call([&] { ++healthy; })});
  recording.Push({.name = "child", .reads = {a}, .writes = {c}, .body = Call([&] { ran = true; })});
  const ProgramPtr program = Capture(std::move(recording));
  engine_->Replay(program).value();
  engine_->WaitForVar(b);
  EXPECT_EQ(healthy, 1);
  EXPECT_THROW(engine_->WaitForVar(c), std::runtime_error);
  EXPECT_FALSE(ran);
  const FailurePtr failure = engine_->LastFailure();
  EXPECT_EQ(failure->op(), "fails");
  EXPECT_EQ(failure->push_number(), 1u);
  ASSERT_EQ(failure->Chain().size(), 1u);
  EXPECT_EQ(failure->Chain()[0].name, "child");
  EXPECT_EQ(failure->Chain()[0].push_number, 3u);
  EXPECT_THROW(engine_->WaitForAll(), AggregateError);
  fails = false;  // the plain writes heal (ERR-4)
  engine_->Replay(program).value();
  engine_->WaitForVar(c);
  engine_->WaitForAll();
  EXPECT_TRUE(ran);
}

TEST_P(EngineProgram, AsyncOpsEndFromAnyThread) {
  const Var a = NewVar(), b = NewVar();
  int value = 0;
  HandleBox box;
  Recording recording;
  recording.Push({.name = "async", .writes = {a}, .body = [&](const OpContext&, Completion done) {
                    box.Put(std::move(done));
                  }});
  recording.Push({.name = "after", .reads = {a}, .writes = {b}, .body = Call([&] { ++value; })});
  const ProgramPtr program = Capture(std::move(recording));
  Thread other;
  ASSERT_TRUE(other
                  .Start("completer",
                         [&] {
                           for (int i = 0; i < 100; ++i) box.Take().Done();
                         })
                  .ok());
  for (int i = 0; i < 100; ++i) engine_->Replay(program).value();
  engine_->WaitForVar(b);
  EXPECT_EQ(value, 100);
}

// ERR-3: the next replay begins when this one has left everything, also when the var of the program
// itself comes before a var that is only read. (It is the sanitizer that sees it.)
TEST_P(EngineProgram, ReplaysThatShareAReadDoNotMeet) {
  const Var first = NewVar(), read = NewVar();
  ASSERT_TRUE(engine_->DeleteVar(first).ok());
  engine_->WaitForAll();  // its slot is free for the var of the program
  HandleBox box;
  Thread completer;
  ASSERT_TRUE(completer
                  .Start("completer",
                         [&] {
                           for (int i = 0; i < 200; ++i) box.Take().Done();
                         })
                  .ok());
  Recording recording;
  recording.Push({.name = "reads", .reads = {read}, .body = [&](const OpContext&, Completion done) {
                    box.Put(std::move(done));
                  }});
  const ProgramPtr program = Capture(std::move(recording));
  for (int i = 0; i < 200; ++i) engine_->Replay(program).value();
  engine_->WaitForAll();
}

TEST_P(EngineProgram, RefusesWhatPushRefuses) {
  EXPECT_EQ(engine_->Capture({}).status().code(), StatusCode::kInvalidArgument);
  Recording without_body;
  without_body.Push({.name = "no body"});
  EXPECT_EQ(engine_->Capture(std::move(without_body)).status().code(),
            StatusCode::kInvalidArgument);
  const Var v = NewVar();
  Recording recording;
  recording.Push({.name = "op", .writes = {v}, .body = Call([] {})});
  const ProgramPtr program = Capture(std::move(recording));
  ASSERT_TRUE(engine_->DeleteVar(v).ok());
  EXPECT_EQ(engine_->Replay(program).status().code(), StatusCode::kStaleHandle);
  ASSERT_TRUE(engine_->Stop(StopMode::kDrain).ok());
  EXPECT_EQ(engine_->Replay(program).status().code(), StatusCode::kStopped);
}

// ENG-3: also when it is pushed inside an op, and the last owner may let go of it while it runs.
TEST_P(EngineProgram, ReplayInsideAnOpOutlivesItsOwner) {
  const Var v = NewVar();
  int value = 0;
  Push("outer", {}, {v}, [&] {
    Recording recording;
    for (int i = 0; i < 3; ++i)
      recording.Push(
          {.name = "inner", .writes = {v}, .body = Call([&] { value = value * 2 + 1; })});
    engine_->Replay(engine_->Capture(std::move(recording)).value()).value();
  });
  engine_->WaitForAll();
  engine_->WaitForVar(v);
  EXPECT_EQ(value, 7);
}

struct Step {
  std::vector<uint32_t> reads, writes;
  bool fails;
};

std::vector<Step> RandomSteps(Rng& rng, uint32_t vars, int count) {
  std::vector<Step> steps(count);
  for (Step& step : steps) {
    for (uint64_t n = rng.Below(4); n > 0; --n) step.reads.push_back(rng.Below(vars));
    for (uint64_t n = rng.Below(3); n > 0; --n) step.writes.push_back(rng.Below(vars));
    step.fails = rng.Chance(8);
  }
  return steps;
}

// Three rounds of `steps`, pushed one by one or replayed; what they leave, as text: aggregates,
// values, winning roots and how many others.
std::string Outcome(Engine* engine, const std::vector<Step>& steps, uint32_t vars, bool captured) {
  std::vector<Var> handles;
  for (uint32_t i = 0; i < vars; ++i) handles.push_back(engine->NewVar().value());
  std::vector<int64_t> values(vars, 1);
  const auto push = [&](auto&& push_op) {
    for (size_t i = 0; i < steps.size(); ++i) {
      std::vector<Var> reads, writes;
      for (const uint32_t r : steps[i].reads) reads.push_back(handles[r]);
      for (const uint32_t w : steps[i].writes) writes.push_back(handles[w]);
      push_op(Op{.name = "op" + std::to_string(i),
                 .reads = reads,
                 .writes = writes,
                 .body = [&values, &step = steps[i], i](const OpContext&) {
                   int64_t sum = static_cast<int64_t>(i);
                   for (const uint32_t r : step.reads) sum = (sum * 31 + values[r]) % 1000003;
                   if (step.fails) throw std::runtime_error("planted");
                   for (const uint32_t w : step.writes) values[w] = sum;
                 }});
    }
  };
  ProgramPtr program;
  if (captured) {
    Recording recording;
    push([&](Op&& op) { recording.Push(std::move(op)); });
    program = engine->Capture(std::move(recording)).value();
  }
  for (int round = 0; round < 3; ++round) {
    if (captured)
      engine->Replay(program).value();
    else
      push([&](Op&& op) { engine->Push(std::move(op)).value(); });
  }
  std::string text;
  try {
    engine->WaitForAll();
  } catch (const AggregateError& error) {
    for (const FailurePtr& failure : error.failures())
      text += failure->op() + "#" + std::to_string(failure->push_number()) + "~" +
              std::to_string(failure->chain_length()) + " ";
  }
  for (uint32_t i = 0; i < vars; ++i) {
    const PoisonPtr poison = engine->AwaitVar(handles[i]).value();
    text += " v" + std::to_string(i) + "=";
    text += poison == nullptr
                ? std::to_string(values[i])
                : poison->root()->op() + "#" + std::to_string(poison->root()->push_number()) + "+" +
                      std::to_string(poison->also().size());
  }
  return text;
}

// ENG-11, ERR-3, ERR-7, ERR-8: replays leave what as many rounds of pushes leave, to the letter.
TEST_P(EngineProgram, RandomProgramsMeanTheSameCaptured) {
  constexpr uint32_t kVars = 6;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const std::vector<Step> steps = RandomSteps(rng, kVars, 40);
    for (const ErrorPolicy policy : {ErrorPolicy::kSkipDependents, ErrorPolicy::kRunDependents}) {
      Make(policy);
      const std::string captured = Outcome(engine_.get(), steps, kVars, true);
      Make(policy);
      ASSERT_EQ(captured, Outcome(engine_.get(), steps, kVars, false));
    }
  }
}

}  // namespace
}  // namespace tenter
