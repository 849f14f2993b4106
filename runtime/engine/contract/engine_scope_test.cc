// Failure scopes and cancellation, on every engine (ERR-11, ERR-12).
#include <stdexcept>

#include "runtime/engine/contract/engine_fixture.h"

namespace tenter {
namespace {

class EngineScope : public EngineTest {
 protected:
  ScopePtr NewScope() { return engine_->NewScope().value(); }

  Result<uint64_t> PushIn(FailureScope* scope, std::string_view name, std::vector<Var> reads,
                          std::vector<Var> writes, OpBody body) {
    return engine_->Push(
        {.name = name, .reads = reads, .writes = writes, .scope = scope, .body = std::move(body)});
  }
  static OpBody Fails(const char* what) {
    return [what](const OpContext&) { throw std::runtime_error(what); };
  }
  static OpBody Works() {
    return [](const OpContext&) {};
  }
  StatusCode CodeOf(Var var) {
    const PoisonPtr poison = engine_->AwaitVar(var).value();
    return poison == nullptr ? StatusCode::kOk : poison->root()->thrown().ToStatus().code();
  }
};
TENTER_INSTANTIATE_ENGINES(EngineScope);

// ERR-11: each failure is told to whoever waits for its scope, once, and to nobody else.
TEST_P(EngineScope, FailuresAreReportedByTheirScopeOnly) {
  const Var a = NewVar(), b = NewVar(), c = NewVar();
  const auto mine = NewScope(), other = NewScope();
  PushIn(mine.get(), "first", {}, {a}, Fails("1")).value();
  PushIn(mine.get(), "skipped", {a}, {b}, Works()).value();
  PushIn(other.get(), "second", {}, {c}, Fails("2")).value();
  PushIn(mine.get(), "third", {}, {b}, Fails("3")).value();
  Push("outside", {}, {NewVar()}, [] { throw std::runtime_error("4"); });

  const FailureReport report = mine->Await().value();
  ASSERT_EQ(report.failures.size(), 2u);
  EXPECT_EQ(report.failures[0]->op(), "first");
  EXPECT_EQ(report.failures[1]->op(), "third");
  EXPECT_EQ(report.failures[0]->chain_length(), 1u);
  EXPECT_TRUE(mine->Await()->failures.empty());
  EXPECT_EQ(other->Await()->failures.size(), 1u);
  const FailureReport rest = engine_->AwaitAll().value();
  ASSERT_EQ(rest.failures.size(), 1u);
  EXPECT_EQ(rest.failures[0]->op(), "outside");
  // ERR-5 does not ask for scopes.
  EXPECT_THROW(engine_->WaitForVar(b), std::runtime_error);
}

// A wait for one scope does not wait for another, whose op waits here for the former.
TEST_P(EngineScope, AwaitWaitsForItsOwnOpsOnly) {
  if (naive()) GTEST_SKIP() << "the naive engine runs one op at a time";
  const auto mine = NewScope(), other = NewScope();
  Gate release;
  PushIn(other.get(), "blocks", {}, {NewVar()}, [&](const OpContext&) { release.Wait(); }).value();
  if (GetParam() > 1) {
    PushIn(mine.get(), "fails", {}, {NewVar()}, Fails("1")).value();
    EXPECT_EQ(mine->Await()->failures.size(), 1u);
  }
  EXPECT_TRUE(NewScope()->Await()->failures.empty());
  release.Open();
  EXPECT_TRUE(other->Await()->failures.empty());
}

// ENG-7.
TEST_P(EngineScope, AwaitInsideAnOpIsRefused) {
  const auto scope = NewScope();
  StatusCode code = StatusCode::kOk;
  PushIn(nullptr, "waits", {}, {NewVar()}, [&](const OpContext&) {
    code = scope->Await().status().code();
  }).value();
  engine_->WaitForAll();
  EXPECT_EQ(code, StatusCode::kWaitInsideOp);
}

// ERR-11: what has not started ends as cancelled; nothing outside of the scope is touched.
TEST_P(EngineScope, CancelTouchesItsOwnOpsOnly) {
  const Var a = NewVar(), b = NewVar();
  const auto scope = NewScope();
  Gate release;
  if (!naive())
    PushIn(nullptr, "blocks", {}, {a, b}, [&](const OpContext&) { release.Wait(); }).value();
  bool ran = false, outside = false;
  if (naive()) scope->Cancel();
  PushIn(scope.get(), "mine", {}, {a}, [&](const OpContext&) { ran = true; }).value();
  PushIn(nullptr, "outside", {}, {b}, [&](const OpContext&) { outside = true; }).value();
  scope->Cancel();
  release.Open();
  EXPECT_TRUE(scope->Await()->failures.empty());  // no failure of the op
  EXPECT_EQ(CodeOf(a), StatusCode::kStopped);
  EXPECT_EQ(CodeOf(b), StatusCode::kOk);
  EXPECT_FALSE(ran);
  EXPECT_TRUE(outside);
  PushIn(scope.get(), "later", {}, {b}, [&](const OpContext&) { ran = true; }).value();
  EXPECT_EQ(CodeOf(b), StatusCode::kStopped);
  EXPECT_FALSE(ran);
  EXPECT_EQ(engine_->counts().cancelled, 2u);
}

TEST_P(EngineScope, DeadlineOfAScopeCancelsWhatHasNotStarted) {
  const Var a = NewVar();
  const auto scope = NewScope();
  ASSERT_TRUE(scope->SetTimeout(kNsPerMs).ok());
  const auto wait = [](const OpContext& context) {
    while (!context.cancel.requested()) YieldThread();
  };
  bool ran = false;
  PushIn(scope.get(), "runs, unless it is late", {}, {a}, wait).value();
  PushIn(scope.get(), "waits", {}, {a}, [&](const OpContext&) { ran = true; }).value();
  EXPECT_EQ(CodeOf(a), StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(ran);
}

// The deadline cancels, a callback drops the scope and itself, and the op, which was the last to
// keep the scope, ends before the callback returns.
TEST_P(EngineScope, ACallbackMayDropTheScopeWhoseDeadlineCallsIt) {
  if (naive()) GTEST_SKIP() << "the op runs inside Push, which keeps the scope";
  struct {
    Engine* engine;
    ScopePtr scope;
    std::unique_ptr<CancelCallback> callback;
    Gate called;
    Atomic<bool> returns;
  } shared = {engine_.get(), NewScope(), nullptr, {}, false};
  PushIn(shared.scope.get(), "waits", {}, {NewVar()}, [&](const OpContext& context) {
    shared.callback = std::make_unique<CancelCallback>(context.cancel, [at = &shared] {
      auto* const all = at;  // what the callback captured goes with it
      all->scope.reset();
      all->callback.reset();
      all->called.Open();
      while (all->engine->counts().live_ops > 0) YieldThread();
      all->returns.Store(true, kRelease);
    });
    EXPECT_TRUE(shared.scope->SetTimeout(kNsPerMs).ok());
    shared.called.Wait();
  }).value();
  engine_->WaitForAll();
  while (!shared.returns.Load(kAcquire)) YieldThread();
}

// A replay is in one scope, which may be dropped before it has ended.
TEST_P(EngineScope, ReplaysHaveAScope) {
  const Var a = NewVar(), b = NewVar();
  Recording recording;
  recording.Push({.name = "fails", .writes = {a}, .body = Fails("1")});
  recording.Push({.name = "skipped", .reads = {a}, .writes = {b}, .body = Works()});
  const ProgramPtr program = engine_->Capture(std::move(recording)).value();
  for (int i = 0; i < 3; ++i) {
    const auto scope = NewScope();
    engine_->Replay(program, scope.get()).value();
    EXPECT_EQ(scope->Await()->failures.size(), 1u);
    engine_->Replay(program, scope.get()).value();
  }
  EXPECT_TRUE(engine_->AwaitAll()->failures.empty());
}

TEST_P(EngineScope, OpsOfABulkHaveTheirScopes) {
  const Var a = NewVar(), gone = NewVar();
  ASSERT_TRUE(engine_->DeleteVar(gone).ok());
  const auto mine = NewScope(), other = NewScope();
  const auto bulk = engine_->NewBulk(8);
  const auto push = [&](FailureScope* scope, Var var) {
    Op op{.name = "small", .scope = scope, .body = Fails("1")};
    op.writes = std::span<const Var>(&var, 1);
    return bulk->Push(std::move(op));
  };
  for (FailureScope* scope : {mine.get(), other.get(), mine.get()})
    EXPECT_TRUE(push(scope, a).ok());
  EXPECT_EQ(mine->Await()->failures.size(), 2u);
  EXPECT_EQ(other->Await()->failures.size(), 1u);
  // A group with a stale handle is taken apart.
  static_cast<void>(push(mine.get(), a));
  static_cast<void>(push(mine.get(), gone));
  static_cast<void>(bulk->Flush());
  EXPECT_EQ(mine->Await()->failures.size(), 1u);
}

// An op that comes into a bulk while somebody waits for its scope keeps nobody waiting, although
// its thread neither flushes nor pushes again.
TEST_P(EngineScope, OpsOfABulkDelayNoWait) {
  const auto scope = NewScope();
  const auto bulk = engine_->NewBulk(8);
  for (int i = 0; i < 200; ++i) {
    Atomic<int> runs = 0;
    PushIn(scope.get(), "first", {}, {}, [&](const OpContext&) {
      Op op{.name = "second", .scope = scope.get()};
      op.body = [&](const OpContext&) { runs.FetchAdd(1, kRelaxed); };
      ASSERT_TRUE(bulk->Push(std::move(op)).ok());
    }).value();
    ASSERT_TRUE(scope->Await().ok());
    ASSERT_EQ(runs.Load(kRelaxed), 1);
  }
}

// Whoever drops a scope waits for nothing, also inside an op; its ops go on.
TEST_P(EngineScope, DroppedScopesGoWithTheirLastOp) {
  const Var a = NewVar();
  int runs = 0;
  for (int i = 0; i < 300; ++i) {
    auto scope = NewScope();
    for (int k = 0; k < 3; ++k)
      PushIn(scope.get(), "runs", {}, {a}, [&](const OpContext&) { ++runs; }).value();
    PushIn(scope.get(), "fails", {}, {NewVar()}, Fails("forgotten")).value();
    if (i % 3 == 0) {
      ASSERT_TRUE(scope->SetTimeout(3600 * kNsPerSecond).ok());
    }
    if (i % 2 == 0)
      Push("drops", {}, {}, [kept = std::shared_ptr<FailureScope>(std::move(scope))] {});
  }
  engine_->WaitForAll();
  EXPECT_EQ(runs, 900);
}

TEST_P(EngineScope, ForgottenFailuresAreNotReported) {
  const auto scope = NewScope();
  PushIn(scope.get(), "fails", {}, {NewVar()}, Fails("1")).value();
  EXPECT_TRUE(scope->Forget().ok());
  EXPECT_TRUE(scope->Await()->failures.empty());
  PushIn(scope.get(), "fails", {}, {NewVar()}, Fails("2")).value();
  EXPECT_EQ(scope->Await()->failures.size(), 1u);
}

// ERR-12: a body that blocks is woken, and one that polls sees it, whoever cancels.
TEST_P(EngineScope, TokensOfRunningBodiesAreRequested) {
  enum class By { kStop, kScope, kDeadline };
  for (const By by : {By::kStop, By::kScope, By::kDeadline}) {
    Make();
    const auto scope = NewScope();
    Gate started, wake;
    StatusCode reason = StatusCode::kOk;
    const auto body = [&](const OpContext& context) {
      const CancelCallback callback(context.cancel, [&] { wake.Open(); });
      started.Open();
      wake.Wait();
      reason = context.cancel.reason();
    };
    Thread canceller;
    ASSERT_TRUE(canceller
                    .Start("canceller",
                           [&] {
                             started.Wait();
                             if (by == By::kScope) scope->Cancel();
                             if (by == By::kStop) {
                               EXPECT_TRUE(engine_->Stop(StopMode::kCancel).ok());
                             }
                           })
                    .ok());
    engine_
        ->Push({.name = "blocks",
                .writes = {NewVar()},
                .timeout_ns = by == By::kDeadline ? kNsPerMs : 0,
                .scope = scope.get(),
                .body = body})
        .value();
    if (by == By::kDeadline) started.Open();  // late before it started: then it does not run
    scope->Await().value();
    canceller.Join();
    if (engine_->counts().failed == 0) {
      EXPECT_EQ(reason, by == By::kDeadline ? StatusCode::kDeadlineExceeded : StatusCode::kStopped);
    }
  }
}

// Registering, waking and unregistering at the same moment: each callback that is registered in
// time is called once, and never after its end.
TEST_P(EngineScope, CallbacksComeAndGoWhileTheScopeIsCancelled) {
  for (int round = 0; round < 200; ++round) {
    const auto scope = NewScope();
    Atomic<int> calls = 0, made = 0;
    const auto body = [&](const OpContext& context) {
      while (!context.cancel.requested()) {
        bool alive = true;
        const CancelCallback callback(context.cancel, [&] {
          EXPECT_TRUE(alive);
          calls.FetchAdd(1, kRelaxed);
        });
        made.FetchAdd(1, kRelease);
      }
    };
    Thread canceller;
    ASSERT_TRUE(canceller
                    .Start("canceller",
                           [&] {
                             while (made.Load(kAcquire) < 10) YieldThread();
                             scope->Cancel();
                           })
                    .ok());
    PushIn(scope.get(), "polls", {}, {NewVar()}, body).value();
    EXPECT_TRUE(scope->Await()->failures.empty());
    canceller.Join();
    EXPECT_LE(calls.Load(kRelaxed), 1);
  }
}

// ERR-6: beyond the first thousand failures there is a number, and the thousand are the first ones.
TEST_P(EngineScope, TheLogKeepsTheFirstThousandAndCountsTheRest) {
  const auto scope = NewScope();
  const uint64_t first = PushIn(nullptr, "0", {}, {NewVar()}, Fails("0")).value();
  for (int i = 1; i < 3000; ++i) PushIn(nullptr, "n", {}, {NewVar()}, Fails("n")).value();
  FailureReport report = engine_->AwaitAll(10).value();
  ASSERT_EQ(report.failures.size(), 10u);
  EXPECT_EQ(report.failures[9]->push_number(), first + 9);
  EXPECT_EQ(report.more, 0u);
  EXPECT_EQ(report.left, 2990u);
  report = engine_->AwaitAll().value();
  ASSERT_EQ(report.failures.size(), 990u);
  EXPECT_EQ(report.failures[0]->push_number(), first + 10);
  EXPECT_EQ(report.failures[989]->push_number(), first + 999);
  EXPECT_EQ(report.more, 2000u);
  EXPECT_EQ(report.left, 0u);
  EXPECT_EQ(engine_->AwaitAll()->more, 0u);
  for (int i = 0; i < 1500; ++i) PushIn(nullptr, "n", {}, {NewVar()}, Fails("n")).value();
  try {
    engine_->WaitForAll();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const AggregateError& error) {
    EXPECT_EQ(error.failures().size(), 1000u);
    EXPECT_EQ(error.more(), 500u);
    EXPECT_NE(std::string(error.what()).find("1500 ops failed:"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("and 500 more"), std::string::npos);
  }
}

// ERR-11: what one more failure costs does not depend on how many there were.
TEST_P(EngineScope, ChainsOfFailuresStayShort) {
  Make(ErrorPolicy::kRunDependents);
  const Var v = NewVar();
  uint64_t first = 0;
  for (int i = 0; i < 100; ++i) {
    const uint64_t number = PushIn(nullptr, "u", {v}, {v}, Fails("u")).value();
    if (i == 0) first = number;
  }
  const PoisonPtr poison = engine_->AwaitVar(v).value();
  ASSERT_EQ(poison->all().size(), Poison::kFailuresKept);
  EXPECT_TRUE(poison->more());
  for (size_t i = 0; i < Poison::kFailuresKept; ++i) {
    EXPECT_EQ(poison->all()[i]->push_number(), first + i);
    EXPECT_EQ(poison->all()[i]->chain_length(), 99 - i);
  }
  EXPECT_EQ(engine_->AwaitAll()->failures.size(), 100u);
}

// ERR-11: that there were more is not forgotten beside an input with fewer, whichever comes first.
TEST_P(EngineScope, ThatThereWereMoreIsPassedOn) {
  const Var few = NewVar(), many = NewVar(), later = NewVar();
  std::vector<Var> failed;
  for (int i = 0; i < 20; ++i) {
    failed.push_back(NewVar());
    PushIn(nullptr, "f", {}, {failed.back()}, Fails("f")).value();
  }
  PushIn(nullptr, "gather", failed, {many}, Works()).value();
  for (const Var v : {few, later}) PushIn(nullptr, "one", {}, {v}, Fails("one")).value();
  for (const auto& inputs : std::vector<std::vector<Var>>{{few, many}, {many, later}}) {
    const Var all = NewVar();
    PushIn(nullptr, "sum", inputs, {all}, Works()).value();
    EXPECT_TRUE(engine_->AwaitVar(all).value()->more());
  }
  EXPECT_FALSE(engine_->AwaitVar(few).value()->more());
}

// A cancelled op with a poisoned input adds no failure of its own.
TEST_P(EngineScope, ACancelledBacklogHasOneRoot) {
  if (naive()) GTEST_SKIP() << "nothing waits for its turn in the naive engine";
  const Var v = NewVar();
  Gate started, release;
  const auto block = [&](const OpContext&) {
    started.Open();
    release.Wait();
  };
  PushIn(nullptr, "blocks", {}, {v}, block).value();
  started.Wait();
  uint64_t first = 0;
  for (int i = 0; i < 100; ++i) {
    const uint64_t number = PushIn(nullptr, "u", {v}, {v}, Works()).value();
    if (i == 0) first = number;
  }
  Thread stopper;
  ASSERT_TRUE(
      stopper.Start("stopper", [&] { EXPECT_TRUE(engine_->Stop(StopMode::kCancel).ok()); }).ok());
  while (!engine_->Snapshot().stopping) YieldThread();
  release.Open();
  stopper.Join();
  const PoisonPtr poison = engine_->AwaitVar(v).value();
  ASSERT_EQ(poison->all().size(), 1u);
  EXPECT_EQ(poison->root()->push_number(), first);
  EXPECT_EQ(poison->root()->place(), FailurePlace::kCancelled);
  EXPECT_EQ(poison->root()->chain_length(), 99u);
  EXPECT_EQ(engine_->counts().cancelled, 100u);
}

// What a group of ops came to, told to whoever waits for none of them; the scope may go there.
struct Group {
  ScopePtr scope;
  Atomic<int> ended = 0;  // ops
  int seen = -1;          // how many had when it was called
  Atomic<int> calls = 0;
  std::vector<std::string> failed;

  void Take() {
    seen = ended.Load(kRelaxed);
    for (const FailurePtr& failure : scope->Take(2).failures) failed.push_back(failure->op());
    scope = nullptr;
    calls.FetchAdd(1, kRelease);
  }
  static void Call(void* group) { static_cast<Group*>(group)->Take(); }
};

TEST_P(EngineScope, WhoIsToBeCalledIsCalledBehindTheLastOp) {
  for (int round = 0; round < 200; ++round) {
    const Var a = NewVar(), b = NewVar();
    Group group;
    group.scope = NewScope();
    const int ops = round % 5;
    group.scope->Hold();
    for (int i = 0; i < ops; ++i) {
      const auto body = [&, i](const OpContext&) {
        group.ended.FetchAdd(1, kRelaxed);
        if (i % 2 == 1) throw std::runtime_error("boom");
      };
      PushIn(group.scope.get(), "op" + std::to_string(i), {}, {i % 2 == 0 ? a : b}, body).value();
    }
    if (group.scope->CallWhenIdle(&Group::Call, &group)) group.Take();
    while (group.calls.Load(kAcquire) == 0) YieldThread();
    EXPECT_EQ(group.seen, ops);
    std::vector<std::string> failed;
    for (int i = 1; i < ops; i += 2) failed.push_back("op" + std::to_string(i));
    EXPECT_EQ(group.failed, failed);
    engine_->AwaitAll().value();
    EXPECT_EQ(group.calls.Load(kRelaxed), 1);
  }
}

// Once, also when others take hold of the scope and let it go at any moment.
TEST_P(EngineScope, WhoIsToBeCalledIsCalledOnce) {
  for (int round = 0; round < 300; ++round) {
    const ScopePtr scope = NewScope();
    Atomic<int> calls = 0;
    Atomic<bool> stop = false;
    std::vector<Thread> others(2);
    for (Thread& other : others)
      ASSERT_TRUE(other
                      .Start("holds",
                             [&] {
                               while (!stop.Load(kRelaxed)) scope->Hold(), scope->Leave(1);
                             })
                      .ok());
    const auto call = [](void* count) { static_cast<Atomic<int>*>(count)->FetchAdd(1, kRelaxed); };
    scope->Hold();
    for (int i = 0; i < 3; ++i) PushIn(scope.get(), "op", {}, {NewVar()}, Works()).value();
    if (scope->CallWhenIdle(call, &calls)) call(&calls);
    while (calls.Load(kRelaxed) == 0) YieldThread();
    engine_->AwaitAll().value();
    stop.Store(true, kRelaxed);
    for (Thread& other : others) other.Join();
    ASSERT_EQ(calls.Load(kRelaxed), 1) << "round " << round;
  }
}

// Somebody else holds the scope: then he is the last, wherever the ops ended.
TEST_P(EngineScope, WhoHoldsTheScopeLongestCalls) {
  Group group;
  group.scope = NewScope();
  FailureScope* const scope = group.scope.get();
  scope->Hold();
  PushIn(scope, "op", {}, {NewVar()}, [&](const OpContext&) {
    group.ended.FetchAdd(1, kRelaxed);
  }).value();
  scope->Hold();
  EXPECT_FALSE(scope->CallWhenIdle(&Group::Call, &group));
  engine_->AwaitAll().value();
  EXPECT_EQ(group.calls.Load(kRelaxed), 0);
  scope->Cancel();
  scope->Leave(1);
  EXPECT_EQ(group.calls.Load(kRelaxed), 1);
  EXPECT_EQ(group.seen, 1);
}

}  // namespace
}  // namespace tenter
