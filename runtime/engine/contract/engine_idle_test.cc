// Workers that end because they were idle, and come back (ENG-4, ENG-6, ERR-10).
//
// The tests wait until a snapshot shows what they need, without a limit: an engine that does not
// get there is what ctest's timeout is for.
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cfenv>

#include "runtime/engine/contract/engine_fixture.h"
#include "runtime/engine/sites.h"

namespace tenter {
namespace {

constexpr int kWorkers = 4;

// While it refuses, no worker can be started.
class Refusal : public Probe {
 public:
  ProbeOutcome Hit(const Site& site, const ProbeContext&) override {
    if (site.name != engine_sites::kWorkerStart.name) return {};
    starts.FetchAdd(1, kRelaxed);
    if (!refuses.Load(kRelaxed)) return {};
    return {.error = {StatusCode::kInjected, "no thread left"}};
  }
  Atomic<int> starts = 0;
  Atomic<bool> refuses = false;
};

class EngineIdle : public testing::Test {
 protected:
  void Make(int64_t idle_ns = 100 * kNsPerUs) {
    engine_ =
        MakeEngine({.workers = kWorkers, .spin_ns = 0, .idle_ns = idle_ns, .probe = &refusal_});
    v_ = engine_->NewVar().value();
  }
  void AwaitGone(int gone) const {
    while (true) {
      const EngineSnapshot snapshot = engine_->Snapshot();
      if (snapshot.gone == gone && snapshot.asleep == kWorkers - gone) return;
      YieldThread();
    }
  }
  void Push(std::function<void()> body, std::vector<Var> writes = {}) {
    Op op{.name = "op"};
    op.writes = writes;
    op.body = [run = std::move(body)](const OpContext&) { run(); };
    ASSERT_TRUE(engine_->Push(std::move(op)).ok());
  }
  // Runs kWorkers ops that cannot end before all of them have started.
  void OnAllWorkers() {
    Atomic<int> started = 0;
    Gate all;
    for (int i = 0; i < kWorkers; ++i)
      Push([&] {
        if (started.FetchAdd(1, kAcqRel) + 1 == kWorkers) all.Open();
        all.Wait();
      });
    engine_->WaitForAll();
  }
  // Runs `meanwhile` here while the worker that stayed is in a body: it needs another one.
  void WhileOneIsHeld(const std::function<void()>& meanwhile) {
    Gate begun, held;
    Push([&] {
      begun.Open();
      held.Wait();
    });
    begun.Wait();
    meanwhile();
    held.Open();
    engine_->WaitForAll();
  }

  Refusal refusal_;
  std::unique_ptr<Engine> engine_;
  Var v_;
};

TEST_F(EngineIdle, AllButOneEndAndComeBack) {
  Make();
  for (int round = 0; round < 20; ++round) {
    AwaitGone(kWorkers - 1);
    OnAllWorkers();
  }
  EXPECT_EQ(engine_->counts().ran, 20u * kWorkers);
}

TEST_F(EngineIdle, TheSnapshotSaysIt) {
  Make();
  AwaitGone(kWorkers - 1);
  EXPECT_NE(engine_->Describe().find("4 workers (1 asleep, 3 gone)"), std::string::npos);
  EXPECT_NE(engine_->Snapshot().ToJson().find("\"asleep\":1,\"gone\":3"), std::string::npos);
}

TEST_F(EngineIdle, ByDefaultTheyStayForSeconds) {
  Make(EngineOptions().idle_ns);
  AwaitGone(0);
  Push([] {}, {v_});
  engine_->WaitForVar(v_);
  AwaitGone(0);
}

TEST_F(EngineIdle, EndsAtOnceWhileWorkersAreGone) {
  for (int round = 0; round < 50; ++round) {
    Make();
    if (round % 2 == 0) AwaitGone(kWorkers - 1);
    for (int i = 0; i < round; ++i) Push([] {});
    engine_.reset();
  }
}

// ERR-10: whoever pushes is not told, since those that are left do the work.
TEST_F(EngineIdle, OneThatCannotStartAgainIsReplaced) {
#if !defined(TENTER_PROBES)
  GTEST_SKIP() << "needs the fault sites of a flavour with probes";
#endif
  Make();
  for (int round = 0; round < 20; ++round) {
    AwaitGone(kWorkers - 1);
    refusal_.refuses.Store(true, kRelaxed);
    const int before = refusal_.starts.Load(kRelaxed);
    int ran = 0, pushed = 0;
    WhileOneIsHeld([&] {
      while (refusal_.starts.Load(kRelaxed) == before || pushed < 3) {
        Push([&] { ++ran; });  // after another, on the one worker there is
        ++pushed;
      }
    });
    EXPECT_EQ(ran, pushed);
    refusal_.refuses.Store(false, kRelaxed);
    OnAllWorkers();
  }
}

TEST_F(EngineIdle, AGroupOfSmallOpsFetchesThem) {
  Make();
  for (int round = 0; round < 20; ++round) {
    AwaitGone(kWorkers - 1);
    WhileOneIsHeld([&] {
      const auto bulk = engine_->NewBulk();
      int ran = 0;
      for (int i = 0; i < 3; ++i) {
        Op op{.name = "small"};
        op.writes = std::span<const Var>(&v_, 1);
        op.body = [&ran](const OpContext&) { ++ran; };
        ASSERT_TRUE(bulk->Push(std::move(op)).ok());
      }
      engine_->WaitForVar(v_);
      EXPECT_EQ(ran, 3);
    });
  }
}

// Whoever pushes may be pinned, block signals or round otherwise: that is nothing to the workers
// that it fetches.
TEST_F(EngineIdle, TheyInheritFromTheOwnerOfTheEngine) {
  cpu_set_t of_owner;
  ASSERT_EQ(sched_getaffinity(0, sizeof(of_owner), &of_owner), 0);
  Make();
  AwaitGone(kWorkers - 1);
  bool same_processors = false, blocks = true;
  int rounding = -1;
  Thread pusher;
  ASSERT_TRUE(pusher
                  .Start("pusher",
                         [&] {
                           PinThisThread(0);
                           sigset_t usr1;
                           sigemptyset(&usr1);
                           sigaddset(&usr1, SIGUSR1);
                           pthread_sigmask(SIG_BLOCK, &usr1, nullptr);
                           std::fesetround(FE_UPWARD);
                           WhileOneIsHeld([&] {
                             Push(
                                 [&] {
                                   cpu_set_t mine;
                                   sigset_t blocked;
                                   sched_getaffinity(0, sizeof(mine), &mine);
                                   pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
                                   same_processors = CPU_EQUAL(&mine, &of_owner);
                                   blocks = sigismember(&blocked, SIGUSR1) != 0;
                                   rounding = std::fegetround();
                                 },
                                 {v_});
                             engine_->WaitForVar(v_);
                           });
                         })
                  .ok());
  pusher.Join();
  EXPECT_TRUE(same_processors);
  EXPECT_FALSE(blocks);
  EXPECT_EQ(rounding, FE_TONEAREST);
}

TEST_F(EngineIdle, AForkWhileTheyComeAndGo) {
#if defined(TENTER_TSAN)
  GTEST_SKIP() << "the sanitizer does not follow threads that the child of a fork starts";
#endif
  Make();
  Atomic<bool> stop = false;
  Atomic<int> ran = 0;  // on this stack: that of the pusher is not there in the child
  Thread pusher;
  ASSERT_TRUE(pusher
                  .Start("pusher",
                         [&] {
                           while (!stop.Load(kRelaxed)) {
                             for (int i = 0; i < 100; ++i)
                               Push([&ran] { ran.FetchAdd(1, kRelaxed); });
                             engine_->WaitForAll();
                             AwaitGone(kWorkers - 1);
                           }
                         })
                  .ok());
  for (int i = 0; i < 30 && !HasFailure(); ++i) {
    const pid_t pid = fork();
    if (pid == 0) {
      alarm(20);  // a child that hangs dies of it, and the test says so
      engine_->WaitForVar(v_);
      engine_->WaitForAll();
      AwaitGone(kWorkers - 1);
      Push([] {}, {v_});
      engine_->WaitForVar(v_);
      _exit(0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status));
  }
  stop.Store(true, kRelaxed);
  pusher.Join();
}

}  // namespace
}  // namespace tenter
