// Deadlines, on every engine: an op that has not ended in time fails, whoever comes first.
#include <stdexcept>

#include "runtime/base/rng.h"
#include "runtime/engine/contract/engine_fixture.h"

namespace tenter {
namespace {

class EngineDeadline : public EngineTest {
 protected:
  StatusCode CodeOf(Var var) {
    const PoisonPtr poison = engine_->AwaitVar(var).value();
    return poison == nullptr ? StatusCode::kOk : poison->root()->thrown().ToStatus().code();
  }
};
TENTER_INSTANTIATE_ENGINES(EngineDeadline);

constexpr int64_t kSoon = kNsPerMs;
constexpr int64_t kNever = 3600 * kNsPerSecond;

// ERR-1, ENG-5: the op ends at its deadline, its dependents go on, a late completion is ignored.
TEST_P(EngineDeadline, AsyncOpThatDoesNotCompleteFails) {
  const Var v = NewVar(), w = NewVar();
  // Shared, since the body may come to it after the deadline.
  const auto box = std::make_shared<HandleBox>();
  engine_
      ->Push({.name = "slow",
              .writes = {v},
              .timeout_ns = kSoon,
              .body = [box](const OpContext&, Completion done) { box->Put(std::move(done)); }})
      .value();
  Push("dependent", {v}, {w}, [] {});
  EXPECT_EQ(CodeOf(v), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(w), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(engine_->LastFailure()->place(), FailurePlace::kDeadline);
  box->PutNothing();  // on a slow machine it was late before it started
  box->CompleteIfAny();
  EXPECT_EQ(CodeOf(v), StatusCode::kDeadlineExceeded);
  EXPECT_THROW(engine_->WaitForAll(), AggregateError);
  EXPECT_EQ(engine_->counts().failed, 1u);
}

TEST_P(EngineDeadline, OpThatCompletesInTimeIsLeftAlone) {
  const Var v = NewVar();
  for (int i = 0; i < 100; ++i)
    engine_
        ->Push({.name = "fast",
                .writes = {v},
                .timeout_ns = kNever,
                .body = [](const OpContext&, Completion done) { done.Done(); }})
        .value();
  EXPECT_EQ(CodeOf(v), StatusCode::kOk);
  EXPECT_EQ(engine_->counts().failed, 0u);
}

// An op that waits for its turn longer than its deadline does not run.
TEST_P(EngineDeadline, OpThatStartsTooLateDoesNotRun) {
  if (naive()) GTEST_SKIP() << "nothing waits for its turn in the naive engine";
  const Var v = NewVar();
  Gate release;
  bool ran = false;
  Push("blocker", {}, {v}, [&] { release.Wait(); });
  engine_
      ->Push({.name = "late",
              .writes = {v},
              .timeout_ns = kSoon,
              .body = [&](const OpContext&) { ran = true; }})
      .value();
  const int64_t pushed_at = NowNs();
  while (NowNs() < pushed_at + kSoon) {
  }
  release.Open();
  EXPECT_EQ(CodeOf(v), StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(ran);
}

// The deadline of a captured op begins with the push of its replay, on every engine.
TEST_P(EngineDeadline, CapturedOpCountsFromItsReplay) {
  const Var v = NewVar();
  Recording recording;
  recording.Push({.name = "slow", .writes = {v}, .body = [](const OpContext&) {
                    const int64_t start = NowNs();
                    while (NowNs() < start + 2 * kSoon) {
                    }
                  }});
  recording.Push({.name = "late",
                  .reads = {v},
                  .writes = {v},
                  .timeout_ns = kSoon,
                  .body = [](const OpContext&) {}});
  engine_->Replay(engine_->Capture(std::move(recording)).value()).value();
  EXPECT_EQ(CodeOf(v), StatusCode::kDeadlineExceeded);
}

// ENG-6, ENG-11: a captured op ends at its deadline though its handle lives on; the next replay
// would wait for the handle.
TEST_P(EngineDeadline, CapturedOpEndsWhileItsHandleLives) {
  const Var v = NewVar();
  HandleBox box;
  Recording recording;
  recording.Push({.name = "slow",
                  .writes = {v},
                  .timeout_ns = 50 * kSoon,
                  .body = [&](const OpContext&, Completion done) { box.Put(std::move(done)); }});
  const ProgramPtr program = engine_->Capture(std::move(recording)).value();
  engine_->Replay(program).value();
  EXPECT_EQ(CodeOf(v), StatusCode::kDeadlineExceeded);
  EXPECT_THROW(engine_->WaitForAll(), AggregateError);
  box.PutNothing();
  box.CompleteIfAny();
  engine_->WaitForAll();
}

// ENG-5: completion and deadline at about the same time: one of both ends the op, never both.
TEST_P(EngineDeadline, RaceWithTheCompletionEndsTheOpOnce) {
  constexpr int kOps = 200;
  std::vector<HandleBox> boxes(kOps);
  Thread completer;
  ASSERT_TRUE(completer
                  .Start("completer",
                         [&] {
                           for (HandleBox& box : boxes) box.CompleteIfAny();
                         })
                  .ok());
  const Var v = NewVar();
  for (HandleBox& box : boxes)
    engine_
        ->Push({.name = "race",
                .writes = {v},
                .timeout_ns = 20 * kNsPerUs,
                .body = [&box](const OpContext&, Completion done) { box.Put(std::move(done)); }})
        .value();
  // Those that were late never ran, and left their box empty.
  engine_->AwaitVar(v).value();
  try {
    engine_->WaitForAll();
  } catch (const AggregateError&) {
  }
  const EngineCounts counts = engine_->counts();
  EXPECT_EQ(counts.ran, static_cast<uint64_t>(kOps));
  EXPECT_EQ(counts.live_ops, 0u);
  for (HandleBox& box : boxes) box.PutNothing();
  completer.Join();
}

// ENG-5: as above, and aimed: the handle is used within a few microseconds of the deadline, after
// the body has returned, or while it throws.
TEST_P(EngineDeadline, HandleUsedAtTheDeadlineEndsTheOpOnce) {
  const int ops = naive() ? 200 : 3000;
  constexpr int64_t kTimeout = 100 * kNsPerUs;
  struct Due {
    Atomic<int64_t> at = 0;  // released by the body, when `handle` is there
    std::optional<Completion> handle;
  } due;
  Atomic<bool> over = false;
  Thread completer;
  const auto complete = [&] {
    Rng rng(7);
    while (!over.Load(kAcquire)) {
      const int64_t at = due.at.Load(kAcquire);
      if (at == 0) continue;
      const int64_t aim = at + static_cast<int64_t>(rng.Below(12)) * kNsPerUs - 4 * kNsPerUs;
      while (NowNs() < aim) SpinPause();
      const bool fails = rng.Chance(20), drops = rng.Chance(20);
      Completion handle = std::move(*due.handle);
      due.handle.reset();
      due.at.Store(0, kRelease);
      if (drops) continue;
      if (fails)
        handle.Fail({StatusCode::kInjected, "late"});
      else
        handle.Done();
    }
  };
  ASSERT_TRUE(completer.Start("completer", complete).ok());
  const Var v = NewVar();
  for (int i = 0; i < ops; ++i) {
    const int64_t deadline = NowNs() + kTimeout;
    auto body_lives = std::make_shared<bool>(true);
    const std::weak_ptr<bool> body = body_lives;
    engine_
        ->Push({.name = "race",
                .writes = {v},
                .timeout_ns = kTimeout,
                .body =
                    [&, lives = std::move(body_lives), deadline, throws = i % 3 == 0](
                        const OpContext&, Completion handle) {
                      due.handle.emplace(std::move(handle));
                      due.at.Store(deadline, kRelease);
                      if (!throws) return;
                      while (NowNs() < deadline) SpinPause();
                      throw std::runtime_error("late, too");
                    }})
        .value();
    engine_->AwaitVar(v).value();
    while (!body.expired()) SpinPause();  // it may start after the deadline, and uses `due`
    while (due.at.Load(kAcquire) != 0) SpinPause();
  }
  over.Store(true, kRelease);
  completer.Join();
  EXPECT_THROW(engine_->WaitForAll(), AggregateError);
  EXPECT_EQ(engine_->counts().ran, static_cast<uint64_t>(ops));
}

}  // namespace
}  // namespace tenter
