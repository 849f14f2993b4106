// fork() while other threads are inside a cached op: what they held is free in the child, and both
// processes go on. The probe holds the others where the tests want them.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "runtime/base/fork.h"
#include "runtime/base/fork_testing.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"
#include "runtime/cached_op/cached_op.h"
#include "runtime/cached_op/sites.h"
#include "runtime/cached_op/test_model.h"

namespace tenter {
namespace {

class AtSites : public Probe {
 public:
  using Action = std::function<void(const Site&, const ProbeContext&)>;
  explicit AtSites(Action action) : action_(std::move(action)) {}
  ProbeOutcome Hit(const Site& site, const ProbeContext& context) override {
    action_(site, context);
    return {};
  }

 private:
  const Action action_;
};

class CachedOpFork : public testing::TestWithParam<Runs> {
 protected:
  void SetUp() override {
    TENTER_SKIP_FORKS_IN_TSAN();
    Make({});
    expected_ = Floats(op_->Invoke({&input_, 1}).value()[0]);
  }
  void Make(CachedOpOptions options) {
    options.workers = GetParam().workers;
    options.way = GetParam().way;
    options.batch_max = GetParam().batch;
    options.intra_op = GetParam().intra_op;
    options.grain = 1;
    op_ = nullptr;
    engine_ = MakeEngine({.workers = GetParam().workers});
    op_ = std::make_unique<CachedOp>(engine_.get(), graph_, options);
  }
  bool InvokeIsRight() {
    const auto outputs = op_->Invoke({&input_, 1});
    return outputs.ok() && Floats((*outputs)[0]) == expected_;
  }

  // All that a child is asked: its calls are right, nothing is lent or waits, and its op and its
  // engine end. Nothing of the op stays in the engine, but perhaps a var that a thread of the
  // parent had made and not written down yet.
  int Judge(uint64_t lost_vars = 0) {
    for (int i = 0; i < 3; ++i)
      if (!InvokeIsRight()) return 1;
    const CachedOpFootprint footprint = op_->footprint();
    if (footprint.in_flight != 0 || footprint.waiting != 0) return 2;
    op_.reset();
    engine_->WaitForAll();
    if (engine_->counts().live_vars > lost_vars) return 3;
    engine_.reset();
    return 0;
  }

  const std::shared_ptr<const Graph> graph_ = BranchModel();
  const Tensor input_ = RandomTensor(Shape({2, 8}), 5);
  std::vector<float> expected_;
  std::unique_ptr<Probe> probe_;  // outlives engine and op
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<CachedOp> op_;
};
INSTANTIATE_TEST_SUITE_P(Ways, CachedOpFork, testing::ValuesIn(AllRuns()),
                         [](const auto& info) { return NameOfRuns(info.param); });

TEST_P(CachedOpFork, WithNobodyInside) {
  EXPECT_EQ(Fork([&] { return Judge(); }), 0);
  EXPECT_TRUE(InvokeIsRight());
}

// At any moment of calls that others make: warm ones, and ones that compile and evict.
TEST_P(CachedOpFork, WhileOthersInvoke) {
  Make({.in_flight_max = 2, .plans_max = 2});
  Atomic<bool> stop = false;
  Atomic<int> wrong = 0;
  std::vector<Thread> threads(4);
  for (size_t t = 0; t < threads.size(); ++t)
    ASSERT_TRUE(threads[t]
                    .Start("caller",
                           [&, t] {
                             const Tensor other = RandomTensor(Shape({3, 8}), 6);
                             for (int64_t i = 0; !stop.Load(kRelaxed); ++i) {
                               if (t == 0) {
                                 const Tensor fresh = RandomTensor(Shape({4 + i % 5, 8}), 7);
                                 wrong.FetchAdd(!op_->Invoke({&fresh, 1}).ok(), kRelaxed);
                               } else if (t == 1) {
                                 wrong.FetchAdd(!op_->Invoke({&other, 1}).ok(), kRelaxed);
                               } else {
                                 wrong.FetchAdd(!InvokeIsRight(), kRelaxed);
                               }
                             }
                           })
                    .ok());
  for (int i = 0; i < 40 && !HasFailure(); ++i)
    EXPECT_EQ(Fork([&] { return Judge(threads.size()); }), 0);
  stop.Store(true, kRelaxed);
  for (Thread& thread : threads) thread.Join();
  EXPECT_EQ(wrong.Load(kRelaxed), 0);
}

#if defined(TENTER_PROBES)

// One call compiles, and another waits for its plan: the child compiles it itself.
TEST_P(CachedOpFork, WhileAnotherCompiles) {
  Gate compiles, go;
  const uint64_t me = CurrentThreadKey();
  probe_ = std::make_unique<AtSites>([&, me](const Site& site, const ProbeContext&) {
    if (site.name != cached_op_sites::kPlanCompile.name || CurrentThreadKey() == me) return;
    compiles.Open();
    go.Wait();
  });
  Make({.probe = probe_.get()});
  std::vector<Thread> threads(2);
  for (Thread& thread : threads)
    ASSERT_TRUE(thread.Start("caller", [&] { EXPECT_TRUE(InvokeIsRight()); }).ok());
  compiles.Wait();
  while (op_->footprint().waiting == 0) YieldThread();
  EXPECT_EQ(Fork([&] { return Judge(); }), 0);
  go.Open();
}

// One call has the only arena, with all its ops pending, and others wait for it.
TEST_P(CachedOpFork, WhileOthersHaveAndWaitForTheRoom) {
  Gate has_room, go;
  Atomic<bool> armed = true;
  probe_ = std::make_unique<AtSites>([&](const Site& site, const ProbeContext&) {
    if (site.name != cached_op_sites::kArenaAcquire.name || !armed.Exchange(false, kRelaxed))
      return;
    has_room.Open();
    go.Wait();
  });
  Make({.in_flight_max = 1, .probe = probe_.get()});
  std::vector<Thread> threads(3);
  for (Thread& thread : threads)
    ASSERT_TRUE(thread.Start("caller", [&] { EXPECT_TRUE(InvokeIsRight()); }).ok());
  has_room.Wait();
  while (op_->footprint().waiting != threads.size() - 1) YieldThread();
  EXPECT_EQ(Fork([&] { return Judge(); }), 0);
  go.Open();
}

// A member of the fork that is told before the engine is, which then stops its workers.
class BeforeThePause final : public ForkMember {
 public:
  explicit BeforeThePause(Gate* gate) : gate_(gate) { JoinFork(this); }
  ~BeforeThePause() { LeaveFork(this); }
  void PauseForFork() override { gate_->Open(); }
  void BeforeFork() override {}
  void AfterForkInParent() override {}
  void AfterForkInChild() override {}

 private:
  Gate* const gate_;
};

// The ops of requests whose callers are gone are still pending in the child: they do nothing there,
// and their arenas go after them. There is a request more than there are workers, and each worker
// is held in a node until the engine is about to stop it. Where all others were done before it did,
// the run shows nothing, and is repeated.
TEST_P(CachedOpFork, WithPendingOpsOfOtherCallers) {
  const int workers = GetParam().workers, callers = workers + 1, nodes = 7 * callers;
  const Way way = GetParam().way;
  if (workers == 0 || way == Way::kInline || way == Way::kDirect)
    GTEST_SKIP() << "nothing is pending where each has a place";
  constexpr int kNothingShown = 4;
  int judged = kNothingShown;
  for (int attempt = 0; attempt < 50 && judged == kNothingShown; ++attempt) {
    Gate all_run, forks;
    Atomic<int> ran = 0;
    probe_ = std::make_unique<AtSites>([&](const Site& site, const ProbeContext& context) {
      const bool of_others = context.request > 1 && context.request <= 1 + callers;
      if (site.name != cached_op_sites::kNodeRun.name || !of_others) return;
      const int before = ran.FetchAdd(1, kRelaxed);
      if (before >= workers) return;
      if (before == workers - 1) all_run.Open();
      forks.Wait();
      for (int i = 0; i < 2000; ++i) YieldThread();
    });
    const BeforeThePause member(&forks);
    const auto room = static_cast<size_t>(callers);
    Make({.in_flight_max = room, .running_max = room, .probe = probe_.get()});
    ASSERT_TRUE(InvokeIsRight());
    std::vector<Thread> threads(static_cast<size_t>(callers));
    for (Thread& caller : threads)
      ASSERT_TRUE(caller.Start("caller", [&] { EXPECT_TRUE(InvokeIsRight()); }).ok());
    all_run.Wait();
    // Until each has its number, which the child could give to a request of its own otherwise.
    while (op_->footprint().in_flight != threads.size()) YieldThread();
    judged = Fork([&] {
      const int before = ran.Load(kRelaxed);
      if (before == nodes) return kNothingShown;
      const int found = Judge();
      return ran.Load(kRelaxed) == before ? found : 5;
    });
    for (Thread& caller : threads) caller.Join();
    EXPECT_EQ(ran.Load(kRelaxed), nodes);
    op_ = nullptr;  // before the probe
  }
  EXPECT_EQ(judged, 0);
}

// A fork pauses the worker whose answer a body of another engine waits for; it has to let it go on.
TEST_P(CachedOpFork, WhileABodyOfAnotherEngineAwaitsAnswers) {
  if (GetParam().workers == 0 || GetParam().way == Way::kInline)
    GTEST_SKIP() << "whoever asks has the answer";
  Gate held, awaits, forks;
  const BeforeThePause member(&forks);
  Make({});
  const auto push = [](Engine& engine, auto body) {
    ASSERT_TRUE(engine.Push({.name = "body", .body = body}).ok());
  };
  for (int i = 0; i < GetParam().workers; ++i)
    push(*engine_, [&](const OpContext&) {
      held.Open();
      forks.Wait();
    });
  held.Wait();
  Atomic<bool> answered = false;
  ASSERT_TRUE(op_->InvokeAsync({input_}, {},
                               [&](const Result<std::vector<Tensor>>& result) {
                                 answered.Store(result.ok(), kRelaxed);
                               })
                  .ok());
  const std::unique_ptr<Engine> other = MakeEngine({.workers = 1});
  push(*other, [&](const OpContext&) {
    awaits.Open();
    op_->Close();
    op_->AwaitAnswers();
    EXPECT_TRUE(answered.Load(kRelaxed));
  });
  awaits.Wait();
  EXPECT_EQ(Fork([] { return 0; }), 0);
  other->WaitForAll();
}

// A node that forks: its own request goes on in both processes.
TEST_P(CachedOpFork, InsideAnInlineNode) {
  int child = -1;
  bool armed = true, in_child = false;
  probe_ = std::make_unique<AtSites>([&](const Site& site, const ProbeContext&) {
    if (site.name != cached_op_sites::kNodeRun.name || !armed) return;
    armed = false;
    const pid_t pid = fork();
    if (pid == 0) {
      alarm(20);
      in_child = true;
      return;
    }
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    child = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  });
  Make({.thread_safe = false, .probe = probe_.get()});
  const bool right = InvokeIsRight();
  if (in_child) _exit(right ? Judge() : 4);
  EXPECT_TRUE(right);
  EXPECT_EQ(child, 0);
  EXPECT_TRUE(InvokeIsRight());
}

#endif

}  // namespace
}  // namespace tenter
