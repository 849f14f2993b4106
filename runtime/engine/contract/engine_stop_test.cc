// ENG-9 and ERR-10: stopping, and running out of resources.
#include <new>

#include "runtime/engine/contract/engine_fixture.h"
#include "runtime/engine/sites.h"

namespace tenter {
namespace {

class EngineStop : public EngineTest {};
TENTER_INSTANTIATE_ENGINES(EngineStop);

// ENG-9: a drain runs what was pushed; push after stop is a typed error; stop is idempotent.
TEST_P(EngineStop, DrainRunsEverythingThenRefuses) {
  const Var v = NewVar();
  int runs = 0;
  for (int i = 0; i < 50; ++i) Push("w", {}, {v}, [&] { ++runs; });
  EXPECT_TRUE(engine_->Stop(StopMode::kDrain).ok());
  EXPECT_EQ(runs, 50);
  EXPECT_EQ(engine_->Push({.name = "late", .body = [](const OpContext&) {}}).status().code(),
            StatusCode::kStopped);
  EXPECT_EQ(engine_->NewVar().status().code(), StatusCode::kStopped);
  EXPECT_EQ(engine_->DeleteVar(v).code(), StatusCode::kStopped);
  EXPECT_TRUE(engine_->Stop(StopMode::kCancel).ok());
  engine_->WaitForVar(v);
  engine_->WaitForAll();
}

// ENG-9, ENG-5: a cancel ends what has not started, wakes its waiters, and every op ends once.
TEST_P(EngineStop, CancelEndsWhatHasNotStarted) {
  if (naive()) GTEST_SKIP() << "nothing is pending in the naive engine";
  const Var v = NewVar(), started = NewVar();
  std::vector<Gate> running(GetParam());
  Gate release;
  bool ran = false;
  for (Gate& blocker : running)
    Push("blocker", {}, {NewVar()}, [&] { blocker.Open(), release.Wait(); });
  for (Gate& blocker : running) blocker.Wait();  // every worker is taken
  Push("never starts", {}, {v}, [&] { ran = true; });
  Push("nor its dependent", {v}, {v}, [&] { ran = true; });
  bool deleted = false;
  ASSERT_TRUE(engine_->DeleteVar(started, [&] { deleted = true; }).ok());
  Thread waiter, stopper;
  StatusCode seen = StatusCode::kOk;
  ASSERT_TRUE(waiter
                  .Start("waiter",
                         [&] {
                           try {
                             engine_->WaitForVar(v);
                           } catch (const StatusError& error) {
                             seen = error.status().code();
                           }
                         })
                  .ok());
  ASSERT_TRUE(stopper.Start("stopper", [&] { engine_->Stop(StopMode::kCancel).ok(); }).ok());
  // The stop is under way once pushes are refused; only then may the blockers go on.
  while (engine_->NewVar().ok()) {
  }
  release.Open();
  stopper.Join();
  waiter.Join();
  EXPECT_EQ(seen, StatusCode::kStopped);
  EXPECT_FALSE(ran);
  EXPECT_TRUE(deleted);
  EXPECT_EQ(engine_->counts().cancelled, 2u);
  engine_->WaitForAll();  // a cancelled op is no failure
}

// ENG-9: stop from inside an op starts the stop and returns; from many threads at once it is
// harmless.
TEST_P(EngineStop, StopIsSafeFromAnywhere) {
  const Var v = NewVar();
  Push("stops", {}, {v}, [&] { EXPECT_TRUE(engine_->Stop(StopMode::kDrain).ok()); });
  std::vector<Thread> stoppers(4);
  for (Thread& stopper : stoppers)
    ASSERT_TRUE(
        stopper.Start("stopper", [&] { EXPECT_TRUE(engine_->Stop(StopMode::kDrain).ok()); }).ok());
  for (Thread& stopper : stoppers) stopper.Join();
  engine_->WaitForVar(v);
}

TEST(EngineOptions, DescribeNamesWhatRuns) {
  Gate running, release;
  auto engine = MakeEngine({.workers = 1});
  const Var v = engine->NewVar().value();
  engine
      ->Push({.name = "blocker",
              .writes = {v},
              .body =
                  [&](const OpContext&) {
                    running.Open();
                    release.Wait();
                  }})
      .value();
  engine->Push({.name = "blocked", .reads = {v}, .body = [](const OpContext&) {}}).value();
  running.Wait();
  const std::string text = engine->Describe();
  EXPECT_NE(text.find("runs 'blocker'"), std::string::npos) << text;
  EXPECT_NE(text.find("op 'blocked' (push 2) waits for v0"), std::string::npos) << text;
  release.Open();
}

#if defined(TENTER_PROBES)
// Fails one action at one site, always.
class OneFault : public Probe {
 public:
  explicit OneFault(const Site& site) : site_(site) {}
  ProbeOutcome Hit(const Site& site, const ProbeContext& context) override {
    if (site.name != site_.name) return {};
    if (site.name == engine_sites::kPushAllocate.name) throw std::bad_alloc();
    if (context.worker == 2) return {.error = {StatusCode::kInjected, "no more threads"}};
    return {};
  }

 private:
  const Site& site_;
};

// ERR-10: a push that cannot allocate has enqueued nothing.
TEST_P(EngineStop, FailedPushEnqueuesNothing) {
  OneFault fault(engine_sites::kPushAllocate);
  engine_ = MakeEngine({.workers = GetParam(), .probe = &fault});
  const Var v = NewVar();
  EXPECT_EQ(engine_->Push({.name = "oom", .writes = {v}, .body = [](const OpContext&) {}})
                .status()
                .code(),
            StatusCode::kResourceExhausted);
  EXPECT_EQ(engine_->counts().pushed, 0u);
  engine_->WaitForVar(v);
}

// ERR-10: neither has a push in a group, nor a replay.
TEST_P(EngineStop, FailedBulkPushAndReplayEnqueueNothing) {
  OneFault fault(engine_sites::kPushAllocate);
  engine_ = MakeEngine({.workers = GetParam(), .probe = &fault});
  const Var v = NewVar();
  const auto bulk = engine_->NewBulk();
  EXPECT_EQ(bulk->Push({.name = "oom", .writes = {v}, .body = [](const OpContext&) {}}).code(),
            StatusCode::kResourceExhausted);
  EXPECT_TRUE(bulk->Flush().ok());
  Recording recording;
  recording.Push({.name = "node", .writes = {v}, .body = [](const OpContext&) {}});
  ProgramPtr program = engine_->Capture(std::move(recording)).value();
  EXPECT_EQ(engine_->Replay(program).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(engine_->counts().pushed, 0u);
  program.reset();  // deletes its var, by an op that meets `fault`
  engine_->WaitForAll();
}

// ERR-10: when the third worker cannot start, construction throws and the two that did are joined.
TEST(EngineOptions, WorkerThatCannotStartFailsConstruction) {
  OneFault fault(engine_sites::kWorkerStart);
  try {
    MakeEngine({.workers = 4, .probe = &fault});
    FAIL() << "did not throw";
  } catch (const StatusError& error) {
    EXPECT_EQ(error.status().code(), StatusCode::kResourceExhausted);
    EXPECT_NE(error.status().message().find("tenter-w2"), std::string::npos);
  }
  MakeEngine({.workers = 2, .probe = &fault});  // a second attempt works
}

class NoMemoryForAWorker : public Probe {
 public:
  ProbeOutcome Hit(const Site& site, const ProbeContext& context) override {
    if (site.name == engine_sites::kWorkerStart.name && context.worker == 1) throw std::bad_alloc();
    return {};
  }
};

// The worker that did start is joined then, too.
TEST(EngineOptions, NoMemoryForAWorkerFailsConstruction) {
  NoMemoryForAWorker fault;
  EXPECT_THROW(MakeEngine({.workers = 4, .probe = &fault}), std::bad_alloc);
}
#endif

}  // namespace
}  // namespace tenter
