// fork() with a live engine: it is usable in the parent and in the child, with work pending, with
// another thread that pushes, and with async ops under way (ENG-5, ENG-6, ENG-9).
#include <unistd.h>

#include "runtime/base/fork_testing.h"
#include "runtime/engine/contract/engine_fixture.h"

namespace tenter {
namespace {

class EngineFork : public EngineTest {
 protected:
  void SetUp() override {
    TENTER_SKIP_FORKS_IN_TSAN();
    Make();
  }
};
TENTER_INSTANTIATE_ENGINES(EngineFork);

TEST_P(EngineFork, PendingWorkGoesOnInBoth) {
  const Var v = NewVar();
  int runs = 0;
  for (int i = 0; i < 5000; ++i) Push("w", {}, {v}, [&] { ++runs; });
  EXPECT_EQ(Fork([&] {
              engine_->WaitForVar(v);
              if (runs != 5000) return 1;
              Push("more", {}, {v}, [&] { ++runs; });
              engine_->WaitForAll();
              if (runs != 5001 || engine_->counts().live_ops != 0) return 2;
              engine_.reset();
              return 0;
            }),
            0);
  engine_->WaitForVar(v);
  EXPECT_EQ(runs, 5000);
}

TEST_P(EngineFork, AnotherThreadMayPushMeanwhile) {
  const Var mine = NewVar(), a = NewVar(), b = NewVar();
  Atomic<bool> stop = false;
  int64_t both = 0;
  int own = 0;
  Thread pusher;
  ASSERT_TRUE(pusher
                  .Start("pusher",
                         [&] {
                           while (!stop.Load(kRelaxed)) {
                             Push("ab", {a}, {b}, [&] { ++both; });
                             Push("ba", {b}, {a}, [&] { ++both; });
                             engine_->WaitForVar(a);
                           }
                         })
                  .ok());
  for (int i = 0; i < 20 && !HasFailure(); ++i) {
    EXPECT_EQ(Fork([&] {
                for (int k = 0; k < 100; ++k) Push("own", {a}, {mine}, [&] { ++own; });
                engine_->WaitForVar(mine);
                engine_->WaitForAll();
                return own == 100 ? 0 : 1;
              }),
              0);
  }
  stop.Store(true, kRelaxed);
  pusher.Join();
}

// The thread that would have ended the node is in the parent. What it left is known in the child;
// the program cannot be used there again, and says so.
TEST_P(EngineFork, AProgramWithALostNodeIsNotReplayedAgain) {
  if (naive()) GTEST_SKIP() << "the naive engine waits for the handle inside Replay";
  const Var v = NewVar();
  // The body may return after its op has ended, and the test with it.
  struct Shared {
    HandleBox box;
    Gate started;
  };
  const auto shared = std::make_shared<Shared>();
  Recording recording;
  recording.Push(
      {.name = "node", .writes = {v}, .body = [shared](const OpContext&, Completion done) {
         shared->box.Put(std::move(done));
         shared->started.Open();
       }});
  const ProgramPtr program = engine_->Capture(std::move(recording)).value();
  engine_->Replay(program).value();
  shared->started.Wait();
  EXPECT_EQ(Fork([&] {
              if (engine_->AwaitVar(v).value() == nullptr) return 1;
              if (engine_->Replay(program).status().code() != StatusCode::kUnsupported) return 2;
              Push("heals", {}, {v}, [] {});
              if (engine_->AwaitVar(v).value() != nullptr) return 3;
              return engine_->AwaitAll().value().failures.size() == 1 ? 0 : 4;
            }),
            0);
  shared->box.Take().Done();
  engine_->WaitForAll();
  engine_->Replay(program).value();
  shared->box.Take().Done();
  engine_->WaitForAll();
}

// The first call of a child may be one that only sets a time, and the next one forks.
TEST_P(EngineFork, AScopeOfAChildHasItsDeadlineInTheGrandchild) {
  EXPECT_EQ(Fork([&] {
              const ScopePtr scope = engine_->NewScope().value();
              if (!scope->SetTimeout(50 * kNsPerMs).ok()) return 1;
              return Fork([&] {
                const int64_t until = NowNs() + 10 * kNsPerSecond;
                NewVar();
                while (!scope->cancelled() && NowNs() < until) YieldThread();
                const bool cancelled = scope->cancelled();
                engine_.reset();
                return cancelled ? 0 : 2;
              });
            }),
            0);
}

// A callback of the scope's deadline is under way in the parent. The child has the scope alone.
TEST_P(EngineFork, AScopeWhoseDeadlineIsUnderWayGoesInTheChild) {
  if (naive()) GTEST_SKIP() << "the naive engine waits for the handle inside Push";
  struct Keeps : std::runtime_error {
    explicit Keeps(std::shared_ptr<int> what) : std::runtime_error("keeps"), kept(what) {}
    std::shared_ptr<int> kept;
  };
  const auto kept = std::make_shared<int>();
  const Var v = NewVar();
  ScopePtr scope = engine_->NewScope().value();
  HandleBox box;
  std::unique_ptr<CancelCallback> callback;
  Gate called, returns, started;
  engine_
      ->Push({.name = "fails",
              .scope = scope.get(),
              .body = [&](const OpContext&) { throw Keeps(kept); }})
      .value();
  engine_
      ->Push({.name = "waits",
              .writes = {v},
              .scope = scope.get(),
              .body =
                  [&](const OpContext& context, Completion done) {
                    callback = std::make_unique<CancelCallback>(context.cancel, [&] {
                      called.Open();
                      returns.Wait();
                    });
                    box.Put(std::move(done));
                    started.Open();
                  }})
      .value();
  started.Wait();
  ASSERT_TRUE(scope->SetTimeout(kNsPerMs).ok());
  called.Wait();
  EXPECT_EQ(Fork([&] {
              if (engine_->AwaitVar(v).value() == nullptr) return 1;
              if (scope->Await().value().failures.size() != 2) return 2;
              scope.reset();
              return kept.use_count() == 1 ? 0 : 3;
            }),
            0);
  returns.Open();
  callback.reset();
  box.Take().Done();
  scope.reset();
  engine_->WaitForAll();
}

// A worker of the child rests for the second fork, and does not exist in the grandchild.
TEST_P(EngineFork, AChildMayForkWhileABodyRuns) {
  EXPECT_EQ(Fork([&] {
              const Var v = NewVar();
              Gate started;
              const auto body = [&] {
                const int64_t until = NowNs() + 20 * kNsPerMs;
                started.Open();
                while (NowNs() < until) YieldThread();
              };
              Push("runs", {}, {v}, body);
              started.Wait();
              return Fork([&] {
                Push("more", {}, {v}, [] {});
                engine_->WaitForAll();
                return Fork([&] {
                  engine_->WaitForAll();
                  return 0;
                });
              });
            }),
            0);
}

// A daemon forks twice: the engine of the child in between may not have been used at all.
TEST_P(EngineFork, AChildMayForkAgain) {
  const Var v = NewVar();
  int runs = 0;
  for (int i = 0; i < 100; ++i) Push("w", {}, {v}, [&] { ++runs; });
  const auto finish = [&] {
    Push("more", {}, {v}, [&] { ++runs; });
    engine_->WaitForVar(v);
    engine_->WaitForAll();
    return runs == 101 ? 0 : 1;
  };
  for (const bool used : {false, true})
    EXPECT_EQ(Fork([&] {
                if (used) engine_->WaitForVar(v);
                if (Fork(finish) != 0) return 1;
                return finish();
              }),
              0);
  engine_->WaitForAll();
}

// A first call that comes while the child forks again: its body pushes to an engine that the fork
// closes before it comes to the engine of the body, and so must have ended by then.
TEST_P(EngineFork, AFirstCallMayComeWhileTheChildForks) {
  const std::unique_ptr<Engine> other = MakeEngine({.workers = 1});
  for (int i = 0; i < 30 && !HasFailure(); ++i)
    EXPECT_EQ(Fork([&] {
                Gate go;
                Thread caller;
                const Status started = caller.Start("caller", [&] {
                  go.Wait();
                  const int64_t push = NowNs() + i * 100 * kNsPerUs, until = push + 5 * kNsPerMs;
                  while (NowNs() < push) SpinPause();
                  other
                      ->Push({.name = "first",
                              .body =
                                  [this, until](const OpContext&) {
                                    while (NowNs() < until) NewVar();
                                  }})
                      .value();
                });
                if (!started.ok()) return 1;
                go.Open();
                const int grandchild = Fork([&] {
                  engine_->WaitForAll();
                  return 0;
                });
                caller.Join();
                other->WaitForAll();
                return grandchild;
              }),
              0);
}

// A thread that pushes small ops holds locks outside of what a fork waits for otherwise.
TEST_P(EngineFork, AnotherThreadMayPushInGroupsMeanwhile) {
  const Var a = NewVar(), mine = NewVar();
  Atomic<bool> stop = false;
  int64_t grouped = 0;
  Thread pusher;
  ASSERT_TRUE(pusher
                  .Start("pusher",
                         [&] {
                           const auto bulk = engine_->NewBulk(4);
                           while (!stop.Load(kRelaxed)) {
                             for (int i = 0; i < 50; ++i) {
                               Op op{.name = "small"};
                               op.writes = std::span<const Var>(&a, 1);
                               op.body = [&grouped](const OpContext&) { ++grouped; };
                               const Status status = bulk->Push(std::move(op));
                               EXPECT_TRUE(status.ok()) << status.ToString();
                             }
                             engine_->WaitForVar(a);
                           }
                         })
                  .ok());
  for (int i = 0; i < 40 && !HasFailure(); ++i) {
    EXPECT_EQ(Fork([&] {
                int own = 0;
                Push("own", {a}, {mine}, [&] { ++own; });
                engine_->WaitForAll();
                return own == 1 ? 0 : 1;
              }),
              0);
  }
  stop.Store(true, kRelaxed);
  pusher.Join();
}

// The body of an op that pushes to another engine ends before that engine is closed.
TEST_P(EngineFork, BodiesMayPushToAnotherEngineMeanwhile) {
  const std::unique_ptr<Engine> other = MakeEngine({.workers = 2});
  const Var a = other->NewVar().value(), b = NewVar();
  Atomic<bool> stop = false;
  int64_t pushed = 0;
  Thread pusher;
  ASSERT_TRUE(pusher
                  .Start("pusher",
                         [&] {
                           while (!stop.Load(kRelaxed)) {
                             Op op{.name = "outer"};
                             op.writes = std::span<const Var>(&a, 1);
                             op.body = [&](const OpContext&) {
                               for (int i = 0; i < 10; ++i)
                                 Push("inner", {}, {b}, [&pushed] { ++pushed; });
                             };
                             EXPECT_TRUE(other->Push(std::move(op)).ok());
                             other->WaitForVar(a);
                           }
                         })
                  .ok());
  for (int i = 0; i < 20 && !HasFailure(); ++i) {
    EXPECT_EQ(Fork([&] {
                other->WaitForAll();
                engine_->WaitForAll();
                return 0;
              }),
              0);
  }
  stop.Store(true, kRelaxed);
  pusher.Join();
  other->WaitForAll();
  engine_->WaitForAll();
}

// The child cannot know who holds the handle: the op fails there, and goes on in the parent.
TEST_P(EngineFork, AsyncOpUnderWayFailsInTheChildOnly) {
  if (naive()) GTEST_SKIP() << "the naive engine waits for the op inside the push";
  const Var v = NewVar();
  HandleBox box;
  PushAsync("async", {}, {v}, [&](Completion done) { box.Put(std::move(done)); });
  Completion handle = box.Take();
  EXPECT_EQ(Fork([&] {
              const PoisonPtr poison = engine_->AwaitVar(v).value();
              if (poison == nullptr) return 1;
              if (poison->root()->thrown().ToStatus().code() != StatusCode::kCompletionDropped)
                return 2;
              handle.Done();  // late, which is no error
              engine_.reset();
              return 0;
            }),
            0);
  handle.Done();
  engine_->WaitForVar(v);
}

TEST_P(EngineFork, ChildThatOnlyExecsCostsNothing) {
  const Var v = NewVar();
  Push("w", {}, {v}, [] {});
  EXPECT_EQ(Fork([] {
              execl("/bin/true", "true", nullptr);
              return 1;
            }),
            0);
  engine_->WaitForVar(v);
}

// A body that waits for another engine, which a fork has paused first: the fork waits for the body.
TEST_P(EngineFork, ABodyMayWaitForAnotherEngineMeanwhile) {
  const std::unique_ptr<Engine> outer = MakeEngine({.workers = 1});
  const Var a = outer->NewVar().value(), b = NewVar();
  Atomic<bool> stop = false;
  int64_t waited = 0;
  const auto wait_often = [&] {
    while (!stop.Load(kRelaxed)) {
      outer
          ->Push({.name = "outer",
                  .writes = {a},
                  .body =
                      [&](const OpContext&) {
                        for (int i = 0; i < 20; ++i) {
                          Push("inner", {}, {b}, [&waited] { ++waited; });
                          if (i % 2 == 0)
                            engine_->WaitForVar(b);
                          else
                            engine_->WaitForAll();
                        }
                      }})
          .value();
      outer->WaitForVar(a);
    }
  };
  Thread pusher;
  ASSERT_TRUE(pusher.Start("pusher", wait_often).ok());
  for (int i = 0; i < 40 && !HasFailure(); ++i)
    EXPECT_EQ(Fork([&] {
                Push("own", {}, {b}, [] {});
                engine_->WaitForAll();
                outer->WaitForAll();
                return 0;
              }),
              0);
  stop.Store(true, kRelaxed);
  pusher.Join();
}

// The thread that watches deadlines exists in the parent only.
TEST_P(EngineFork, DeadlinesPassInTheChild) {
  const Var v = NewVar(), w = NewVar();
  const auto box = std::make_shared<HandleBox>(), other_box = std::make_shared<HandleBox>();
  const auto hold = [](const std::shared_ptr<HandleBox>& into) {
    return [into](const OpContext&, Completion done) { into->Put(std::move(done)); };
  };
  Recording recording;
  recording.Push(
      {.name = "captured", .writes = {v}, .timeout_ns = kNsPerMs, .body = hold(other_box)});
  const ProgramPtr program = engine_->Capture(std::move(recording)).value();
  Gate started, release;
  if (!naive()) {
    Push("blocker", {}, {w}, [&] {
      started.Open();
      release.Wait();
    });
    started.Wait();  // it ends in the parent
    engine_->Push({.name = "pending", .writes = {w}, .timeout_ns = kNsPerSecond, .body = hold(box)})
        .value();
  }
  const auto code_of = [&](Var var) {
    const PoisonPtr poison = engine_->AwaitVar(var).value();
    return poison == nullptr ? StatusCode::kOk : poison->root()->thrown().ToStatus().code();
  };
  Thread opener;
  ASSERT_TRUE(opener.Start("opener", [&] { release.Open(); }).ok());
  EXPECT_EQ(Fork([&] {
              engine_->Replay(program).value();
              if (code_of(v) != StatusCode::kDeadlineExceeded) return 1;
              if (!naive() && code_of(w) == StatusCode::kOk) return 2;
              _exit(0);  // handles are held that nobody will use
            }),
            0);
  opener.Join();
  box->PutNothing();
  box->CompleteIfAny();
  static_cast<void>(engine_->AwaitVar(w));
}

// A body that creates and destroys engines: the fork waits for the body, so neither may wait for
// the fork.
TEST_P(EngineFork, ABodyMayCreateAndDestroyEnginesMeanwhile) {
  Atomic<bool> stop = false;
  Atomic<int> rounds = 0;
  const Var v = NewVar();
  const auto other = [&] {
    while (!stop.Load(kAcquire)) {
      for (const int workers : {0, 1}) {
        const auto inner = MakeEngine({.workers = workers});
        const Var w = inner->NewVar().value();
        inner->Push({.name = "inner", .writes = {w}, .body = [](const OpContext&) {}}).value();
        inner->WaitForVar(w);
      }
      rounds.FetchAdd(1, kRelease);
    }
  };
  Thread pusher;
  ASSERT_TRUE(pusher.Start("pusher", [&] { Push("makes engines", {}, {v}, other); }).ok());
  while (rounds.Load(kAcquire) < 3) YieldThread();
  Thread stopper;
  ASSERT_TRUE(stopper
                  .Start("stopper",
                         [&] {
                           const int seen = rounds.Load(kAcquire);
                           while (rounds.Load(kAcquire) < seen + 50) YieldThread();
                           stop.Store(true, kRelease);
                         })
                  .ok());
  EXPECT_EQ(Fork([&] { return 0; }), 0);
  stopper.Join();
  pusher.Join();
  engine_->WaitForAll();
}

}  // namespace
}  // namespace tenter
