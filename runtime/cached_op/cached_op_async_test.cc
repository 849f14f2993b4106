// Requests that nobody waits for: each is answered once, in order, and can be cancelled (COP-7).
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "runtime/base/clock.h"
#include "runtime/base/fork_testing.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"
#include "runtime/cached_op/cached_op.h"
#include "runtime/cached_op/sites.h"
#include "runtime/cached_op/test_model.h"

namespace tenter {
namespace {

using Results = Result<std::vector<Tensor>>;

// Answers as they come.
class Answers {
 public:
  Answer For(int key) {
    return [this, key](Results results) {
      given.FetchAdd(1, kRelaxed);
      MutexLock lock(mutex_);
      EXPECT_FALSE(codes_.contains(key)) << "answered twice";
      codes_[key] = results.status().code();
      texts_[key] = results.status().message();
      if (results.ok()) values_[key] = Floats((*results)[0]);
      order_.push_back(key);
      changed_.NotifyAll();
    };
  }
  void Await(size_t count) {
    MutexLock lock(mutex_);
    while (order_.size() < count) changed_.Wait(mutex_);
  }
  size_t count() { return MutexLock(mutex_), order_.size(); }
  Atomic<int> given = 0;  // in the child of a fork, too, where the lock may be held for ever
  std::vector<int> order() { return MutexLock(mutex_), order_; }
  StatusCode code(int key) { return MutexLock(mutex_), codes_.at(key); }
  std::string text(int key) { return MutexLock(mutex_), texts_.at(key); }
  std::vector<float> value(int key) { return MutexLock(mutex_), values_.at(key); }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::map<int, StatusCode> codes_;
  std::map<int, std::string> texts_;
  std::map<int, std::vector<float>> values_;
  std::vector<int> order_;
};

class CachedOpAsync : public testing::TestWithParam<Runs> {
 protected:
  void SetUp() override { Make({}); }
  void TearDown() override { op_ = nullptr; }
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
  Result<uint64_t> Ask(int key, const InvokeOptions& options = {}) {
    return op_->InvokeAsync({input_}, options, answers_.For(key));
  }
  bool IsInline() const { return GetParam().way == Way::kInline; }

  const std::shared_ptr<const Graph> graph_ = BranchModel();
  const Tensor input_ = RandomTensor(Shape({2, 8}), 5);
  Answers answers_;
  std::unique_ptr<Probe> probe_;  // outlives engine and op
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<CachedOp> op_;
};
INSTANTIATE_TEST_SUITE_P(Ways, CachedOpAsync, testing::ValuesIn(AllRuns()),
                         [](const auto& info) { return NameOfRuns(info.param); });

// COP-1, COP-2: many at once, with changing inputs and shapes; the arenas are those of the requests
// that run.
TEST_P(CachedOpAsync, AThousandAreAnsweredRight) {
  constexpr int kRequests = 1000;
  std::vector<Tensor> inputs;
  std::vector<std::vector<float>> expected;
  for (int i = 0; i < 12; ++i) {
    inputs.push_back(RandomTensor(Shape({1 + i % 3, 8}), 100 + i));
    expected.push_back(Floats(op_->Invoke({&inputs.back(), 1}).value()[0]));
  }
  for (int i = 0; i < kRequests; ++i)
    ASSERT_TRUE(op_->InvokeAsync({inputs[i % 12]}, {}, answers_.For(i)).ok());
  answers_.Await(kRequests);
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(answers_.value(i), expected[i % 12]) << i;
  const size_t places = std::max(GetParam().workers, 1), batch = GetParam().batch;
  const size_t running = batch > 1 ? std::max<size_t>(8, places * batch) : places;
  if (!IsInline()) {
    EXPECT_LE(op_->footprint().in_flight_max, running);
  }
}

// Of a full op that refuses, too.
TEST_P(CachedOpAsync, AWrongRequestIsRefusedAndNotAnswered) {
  EXPECT_EQ(op_->InvokeAsync({RandomTensor(Shape({1, 7}), 5)}, {}, answers_.For(1)).status().code(),
            StatusCode::kInvalidArgument);
  op_->Close();
  EXPECT_EQ(Ask(2).status().code(), StatusCode::kClosed);
  EXPECT_EQ(answers_.count(), 0u);
}

// An answer may ask again, and must not wait.
TEST_P(CachedOpAsync, AnAnswerAsksAgain) {
  Gate done;
  StatusCode inside = StatusCode::kOk;
  int left = 50;
  std::function<void(Results)> again = [&](Results results) {
    EXPECT_TRUE(results.ok());
    if (--left == 0) {
      inside = op_->Invoke({&input_, 1}).status().code();
      return done.Open();
    }
    EXPECT_TRUE(op_->InvokeAsync({input_}, {}, again).ok());
  };
  ASSERT_TRUE(op_->InvokeAsync({input_}, {}, again).ok());
  done.Wait();
  EXPECT_EQ(inside, IsInline() ? StatusCode::kOk : StatusCode::kWaitInsideOp);
}

TEST_P(CachedOpAsync, TheDestructorWaitsForTheAnswers) {
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(Ask(i).ok());
  op_ = nullptr;
  EXPECT_EQ(answers_.count(), 40u);
  for (int i = 0; i < 40; ++i)
    EXPECT_TRUE(answers_.code(i) == StatusCode::kOk || answers_.code(i) == StatusCode::kClosed);
}

// What an answer has captured goes behind the request: it may be what keeps the op.
TEST_P(CachedOpAsync, AnAnswerMayKeepItsOp) {
  if (GetParam().workers == 0) GTEST_SKIP() << "the answer would be given inside the call";
  std::shared_ptr<CachedOp> op = std::move(op_);
  const std::weak_ptr<CachedOp> seen = op;
  Gate answered;
  auto answer = [op, &answered](Results results) {
    EXPECT_TRUE(results.ok());
    answered.Open();
  };
  ASSERT_TRUE(op->InvokeAsync({input_}, {}, std::move(answer)).ok());
  op = nullptr;
  answered.Wait();
  while (!seen.expired()) YieldThread();
}

// The last answer may destroy the op, which does not wait for it.
TEST_P(CachedOpAsync, TheOpMayGoInItsLastAnswer) {
  if (IsInline()) GTEST_SKIP() << "the answer would be given inside the call";
  for (int round = 0; round < 20; ++round) {
    Make({});
    Gate answered;
    CachedOp* const op = op_.release();
    ASSERT_TRUE(op->InvokeAsync({input_}, {}, [&](Results results) {
                    EXPECT_TRUE(results.ok());
                    if (GetParam().workers > 0) delete op;
                    answered.Open();
                  }).ok());
    answered.Wait();
    if (GetParam().workers == 0) delete op;
    engine_->WaitForAll();
  }
}

TEST_P(CachedOpAsync, AStoppedEngineAnswers) {
  ASSERT_TRUE(Ask(0).ok());
  for (int i = 1; i < 200; ++i) ASSERT_TRUE(Ask(i).ok());
  ASSERT_TRUE(engine_->Stop(StopMode::kCancel).ok());
  ASSERT_TRUE(Ask(200).ok());
  answers_.Await(201);
  for (int i = 0; i < 200; ++i)
    EXPECT_TRUE(answers_.code(i) == StatusCode::kOk || answers_.code(i) == StatusCode::kStopped);
  EXPECT_EQ(answers_.code(200), IsInline() ? StatusCode::kOk : StatusCode::kStopped);
}

#if defined(TENTER_PROBES)

// Holds the first node of one request where a test wants it.
class HoldsRequest final : public Probe {
 public:
  explicit HoldsRequest(int64_t request) : request_(request) {}
  ProbeOutcome Hit(const Site& site, const ProbeContext& context) override {
    if (site.name != cached_op_sites::kNodeRun.name || context.request != request_) return {};
    if (nodes.FetchAdd(1, kRelaxed) > 0) return {};
    runs.Open();
    go.Wait();
    return {};
  }
  Gate runs, go;
  Atomic<int> nodes = 0;

 private:
  const int64_t request_;
};

class CachedOpHeld : public CachedOpAsync {
 protected:
  // Request 1 runs and is held, and has the only place.
  void SetUp() override {
    if (GetParam().workers == 0 || IsInline()) GTEST_SKIP() << "nobody waits for room";
    auto probe = std::make_unique<HoldsRequest>(1);
    held_ = probe.get();
    probe_ = std::move(probe);
    Make({.running_max = 1, .probe = probe_.get()});
    ASSERT_EQ(Ask(1).value(), 1u);
    held_->runs.Wait();
  }
  void TearDown() override {
    if (held_ != nullptr) held_->go.Open();
    op_ = nullptr;
  }
  HoldsRequest* held_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Ways, CachedOpHeld, testing::ValuesIn(AllRuns()),
                         [](const auto& info) { return NameOfRuns(info.param); });

// COP-7: a request that waits leaves the queue at once.
TEST_P(CachedOpHeld, ARequestThatWaitsIsCancelledAtOnce) {
  const uint64_t second = Ask(2).value(), third = Ask(3).value();
  EXPECT_EQ(op_->footprint().waiting, 2u);
  op_->Cancel(second);
  answers_.Await(1);
  EXPECT_EQ(answers_.code(2), StatusCode::kStopped);
  EXPECT_EQ(answers_.text(2), "request 2: it was cancelled");
  EXPECT_EQ(op_->footprint().waiting, 1u);
  op_->Cancel(second);
  op_->Cancel(third + 1);
  held_->go.Open();
  answers_.Await(3);
  EXPECT_EQ(answers_.code(1), StatusCode::kOk);
  EXPECT_EQ(answers_.code(3), StatusCode::kOk);
}

// COP-7: one that runs ends before its next node, and the next request finds nothing of it.
TEST_P(CachedOpHeld, ARequestThatRunsIsCancelledBeforeItsNextNode) {
  ASSERT_TRUE(Ask(2).ok());
  op_->Cancel(1);
  EXPECT_EQ(answers_.count(), 0u);
  held_->go.Open();
  answers_.Await(2);
  EXPECT_EQ(answers_.code(1), StatusCode::kStopped);
  EXPECT_LE(held_->nodes.Load(kRelaxed), 2);  // those of its first step
  EXPECT_EQ(answers_.code(2), StatusCode::kOk);
  EXPECT_EQ(answers_.value(2), Floats(op_->Invoke({&input_, 1}).value()[0]));
  EXPECT_TRUE(engine_->AwaitAll().value().failures.empty());
}

// COP-7: deadlines, of one that waits, of one that runs, and of a caller that waits for his answer.
TEST_P(CachedOpHeld, DeadlinesEndThoseWhoWait) {
  // Long enough not to have passed when it is asked, which would be a refusal.
  constexpr int64_t kSoonNs = 50 * kNsPerMs;
  ASSERT_TRUE(Ask(2, {.timeout_ns = kSoonNs}).ok());
  ASSERT_TRUE(Ask(3, {.timeout_ns = 3600 * kNsPerSecond}).ok());
  answers_.Await(1);
  EXPECT_EQ(answers_.code(2), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(answers_.text(2), "request 2: its deadline has passed");
  const Results waited = op_->Invoke({&input_, 1}, {.timeout_ns = kSoonNs});
  EXPECT_EQ(waited.status().code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(waited.status().message(), "request 4: its deadline has passed");
  EXPECT_EQ(op_->footprint().waiting, 1u);
  held_->go.Open();
  answers_.Await(3);
  EXPECT_EQ(answers_.code(3), StatusCode::kOk);
}

TEST_P(CachedOpHeld, PrioritiesComeFirst) {
  for (const auto& [key, priority] : std::map<int, int>{{2, 0}, {3, -1}, {4, 5}, {5, 0}, {6, 5}})
    ASSERT_TRUE(Ask(key, {.priority = priority}).ok());
  held_->go.Open();
  answers_.Await(6);
  // On several workers an answer may overtake another one; the places were handed on in this order.
  if (GetParam().workers == 1) {
    EXPECT_EQ(answers_.order(), (std::vector<int>{1, 4, 6, 2, 5, 3}));
  }
}

TEST_P(CachedOpHeld, ClosingTurnsThoseAwayWhoWait) {
  for (int i = 2; i < 6; ++i) ASSERT_TRUE(Ask(i).ok());
  op_->Close();
  answers_.Await(4);
  for (int i = 2; i < 6; ++i) EXPECT_EQ(answers_.code(i), StatusCode::kClosed);
  held_->go.Open();
  answers_.Await(5);
  EXPECT_EQ(answers_.code(1), StatusCode::kOk);
}

#endif

// A deadline of a request that runs strikes before its next node.
TEST_P(CachedOpAsync, ADeadlineMayPassAnywhere) {
  std::vector<int> accepted;  // before it had passed
  for (int round = 0; round < 300; ++round) {
    const Results results = op_->Invoke({&input_, 1}, {.timeout_ns = 1 + round * 200});
    EXPECT_TRUE(results.ok() || results.status().code() == StatusCode::kDeadlineExceeded)
        << results.status().ToString();
    const Result<uint64_t> asked = Ask(round, {.timeout_ns = 1 + round * 200});
    if (asked.ok())
      accepted.push_back(round);
    else
      EXPECT_EQ(asked.status().code(), StatusCode::kDeadlineExceeded);
  }
  answers_.Await(accepted.size());
  for (const int round : accepted)
    EXPECT_TRUE(answers_.code(round) == StatusCode::kOk ||
                answers_.code(round) == StatusCode::kDeadlineExceeded)
        << answers_.text(round);
  EXPECT_TRUE(engine_->AwaitAll().value().failures.empty());
  EXPECT_EQ(op_->footprint().in_flight, 0u);
}

// Everybody asks, cancels and sets deadlines at once; all are answered, and those with results are
// right.
TEST_P(CachedOpAsync, CancelledAtAnyMoment) {
  const std::vector<float> expected = Floats(op_->Invoke({&input_, 1}).value()[0]);
  constexpr int kThreads = 4, kCalls = 150;
  Atomic<int> accepted = kThreads * kCalls;
  {
    std::vector<Thread> threads(kThreads);
    for (int t = 0; t < kThreads; ++t)
      ASSERT_TRUE(
          threads[t]
              .Start("caller",
                     [&, t] {
                       Rng rng(static_cast<uint64_t>(t));
                       for (int i = 0; i < kCalls; ++i) {
                         const int64_t timeout = rng.Below(3) == 0 ? 20'000 : 0;
                         const auto asked = Ask(
                             t * kCalls + i,
                             {.timeout_ns = timeout, .priority = static_cast<int>(rng.Below(3))});
                         if (!asked.ok()) {
                           EXPECT_TRUE(asked.status().code() == StatusCode::kStopped ||
                                       asked.status().code() == StatusCode::kDeadlineExceeded);
                           accepted.FetchSub(1, kRelaxed);
                           continue;
                         }
                         if (rng.Below(2) == 0) op_->Cancel(*asked);
                         if (rng.Below(8) == 0) op_->Cancel(*asked - rng.Below(20));
                       }
                     })
              .ok());
  }
  answers_.Await(static_cast<size_t>(accepted.Load(kRelaxed)));
  for (const int key : answers_.order()) {
    if (answers_.code(key) == StatusCode::kOk) {
      EXPECT_EQ(answers_.value(key), expected);
    } else {
      EXPECT_TRUE(answers_.code(key) == StatusCode::kStopped ||
                  answers_.code(key) == StatusCode::kDeadlineExceeded)
          << answers_.text(key);
    }
  }
  EXPECT_EQ(Floats(op_->Invoke({&input_, 1}).value()[0]), expected);
  EXPECT_TRUE(engine_->AwaitAll().value().failures.empty());
}

// In the child requests that nobody waits for are forgotten; both processes go on.
TEST_P(CachedOpAsync, AForkForgetsThemInTheChild) {
  TENTER_SKIP_FORKS_IN_TSAN();
  const std::vector<float> expected = Floats(op_->Invoke({&input_, 1}).value()[0]);
  for (int round = 0; round < 20 && !HasFailure(); ++round) {
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(Ask(round * 20 + i).ok());
    EXPECT_EQ(Fork([&] {
                const int given = answers_.given.Load(kRelaxed);
                const auto outputs = op_->Invoke({&input_, 1});
                if (!outputs.ok() || Floats((*outputs)[0]) != expected) return 1;
                const CachedOpFootprint footprint = op_->footprint();
                if (footprint.in_flight != 0 || footprint.waiting != 0) return 2;
                op_ = nullptr;
                engine_->WaitForAll();
                engine_ = nullptr;
                return answers_.given.Load(kRelaxed) == given ? 0 : 3;
              }),
              0);
  }
  answers_.Await(400);
  for (int i = 0; i < 400; ++i) EXPECT_EQ(answers_.value(i), expected);
}

}  // namespace
}  // namespace tenter
