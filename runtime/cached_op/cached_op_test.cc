// COP-1..6, in all ways of running, on the naive engine and on 1, 2 and 4 workers.
#include "runtime/cached_op/cached_op.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cfenv>
#include <cstring>
#include <new>
#include <stdexcept>

#include "runtime/base/gate.h"
#include "runtime/base/thread.h"
#include "runtime/cached_op/sites.h"
#include "runtime/cached_op/test_model.h"
#include "runtime/graph/run_graph.h"
#include "runtime/graph/specialise.h"

// Of libgomp.
extern "C" int omp_get_max_threads();
extern "C" void omp_set_num_threads(int count);

namespace tenter {
namespace {

// Calls a function at one site; everything else proceeds.
class AtSite : public Probe {
 public:
  AtSite(const Site& site, std::function<ProbeOutcome(const ProbeContext&)> action)
      : site_(site), action_(std::move(action)) {}
  ProbeOutcome Hit(const Site& site, const ProbeContext& context) override {
    return site.name == site_.name ? action_(context) : ProbeOutcome{};
  }

 private:
  const Site& site_;
  const std::function<ProbeOutcome(const ProbeContext&)> action_;
};

class CachedOpTest : public testing::TestWithParam<Runs> {
 protected:
  void SetUp() override { Make({}); }
  void Make(CachedOpOptions options) {
    options.workers = GetParam().workers;
    options.way = GetParam().way;
    options.batch_max = GetParam().batch;
    options.intra_op = GetParam().intra_op;
    options.grain = 1;
    op_ = nullptr;
    engine_ = MakeEngine({.workers = GetParam().workers, .probe = options.probe});
    op_ = std::make_unique<CachedOp>(engine_.get(), graph_, options);
  }
  // The one-thread answer, by the interpreter and the same kernels.
  std::vector<float> Expected(const Tensor& input, KernelChoice kernels = KernelChoice::kOneDnn) {
    const std::vector<TensorSpec> signature = {input.spec()};
    const Graph graph = Specialise(*graph_, signature).value();
    return Floats(RunGraph(graph, {&input, 1}, kernels).value()[0]);
  }
  Result<std::vector<Tensor>> Invoke(const Tensor& input) { return op_->Invoke({&input, 1}); }
  bool RunsInline() const { return GetParam().way == Way::kInline; }

  const std::shared_ptr<const Graph> graph_ = BranchModel();
  std::unique_ptr<Probe> probe_;  // outlives engine and op
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<CachedOp> op_;
};
INSTANTIATE_TEST_SUITE_P(Ways, CachedOpTest, testing::ValuesIn(AllRuns()),
                         [](const auto& info) { return NameOfRuns(info.param); });

// The power of the checks below: different inputs give different outputs.
TEST_P(CachedOpTest, OutputsDependOnTheInput) {
  EXPECT_NE(Expected(RandomTensor(Shape({2, 8}), 1)), Expected(RandomTensor(Shape({2, 8}), 2)));
}

// COP-1: every result of many concurrent callers is bitwise the one-thread result, for changing
// shapes.
TEST_P(CachedOpTest, ConcurrentResultsAreBitwiseEqual) {
  constexpr int kThreads = 8, kCalls = 40;
  std::vector<Tensor> inputs;
  std::vector<std::vector<float>> expected;
  for (int i = 0; i < kThreads; ++i) {
    inputs.push_back(RandomTensor(Shape({1 + i % 3, 8}), 100 + i));
    expected.push_back(Expected(inputs.back()));
  }
  Atomic<int> wrong = 0;
  {
    std::vector<Thread> threads(kThreads);
    for (int t = 0; t < kThreads; ++t)
      ASSERT_TRUE(threads[t]
                      .Start("caller",
                             [&, t] {
                               for (int i = 0; i < kCalls; ++i) {
                                 const auto outputs = Invoke(inputs[t]);
                                 if (!outputs.ok() ||
                                     !IsAnswer(GetParam(), (*outputs)[0], expected[t]))
                                   wrong.FetchAdd(1, kRelaxed);
                               }
                             })
                      .ok());
  }
  EXPECT_EQ(wrong.Load(kRelaxed), 0);
  EXPECT_EQ(op_->footprint().compilations, 3u);  // COP-3
}

// COP-2: arenas follow the requests in flight, not the threads that ever called; parameters are
// sealed.
TEST_P(CachedOpTest, MemoryFollowsRequestsInFlight) {
  Make({.in_flight_max = 2});
  const Tensor input = RandomTensor(Shape({1, 8}), 5);
  for (int round = 0; round < 20; ++round) {
    std::vector<Thread> threads(4);
    for (Thread& thread : threads)
      ASSERT_TRUE(thread.Start("caller", [&] { EXPECT_TRUE(Invoke(input).ok()); }).ok());
  }
  EXPECT_LE(op_->footprint().in_flight_max, 2u);
  EXPECT_EQ(op_->footprint().in_flight, 0u);
  EXPECT_TRUE(graph_->parameters->sealed());
  const uint64_t vars = engine_->counts().live_vars;
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(Invoke(input).ok());
  engine_->WaitForAll();
  EXPECT_EQ(engine_->counts().live_vars, vars);
}

// COP-2: a write to a parameter faults at the guilty instruction.
TEST_P(CachedOpTest, ParametersAreWriteProtected) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto* parameters = reinterpret_cast<volatile char*>(graph_->parameters->data());
  EXPECT_DEATH(parameters[0] = 1, "");
}

// COP-5: a request whose shape does not fit fails alone and names input, expected and found.
TEST_P(CachedOpTest, MisshapedRequestFailsAlone) {
  const Tensor good = RandomTensor(Shape({1, 8}), 5), bad = RandomTensor(Shape({1, 7}), 6);
  const std::vector<float> expected = Expected(good);
  std::vector<Thread> threads(8);
  for (int t = 0; t < 8; ++t)
    ASSERT_TRUE(threads[t]
                    .Start("caller",
                           [&, t] {
                             const auto outputs = Invoke(t == 3 ? bad : good);
                             if (t != 3) {
                               EXPECT_TRUE(IsAnswer(GetParam(), outputs.value()[0], expected));
                               return;
                             }
                             EXPECT_EQ(outputs.status().code(), StatusCode::kInvalidArgument);
                             EXPECT_NE(outputs.status().message().find("[?,8]"), std::string::npos);
                             EXPECT_NE(outputs.status().message().find("[1,7]"), std::string::npos);
                           })
                    .ok());
}

TEST_P(CachedOpTest, WrongNumberOfInputsIsRefused) {
  EXPECT_EQ(op_->Invoke({}).status().code(), StatusCode::kInvalidArgument);
}

// COP-4: after Close, later calls get a typed error.
TEST_P(CachedOpTest, ClosedOpRefuses) {
  const Tensor input = RandomTensor(Shape({1, 8}), 5);
  op_->Close();
  EXPECT_EQ(Invoke(input).status().code(), StatusCode::kClosed);
}

// COP-4: closing while threads call: every call either succeeds with the right answer or is
// refused as closed.
TEST_P(CachedOpTest, CloseWhileThreadsInvoke) {
  const Tensor input = RandomTensor(Shape({2, 8}), 5);
  const std::vector<float> expected = Expected(input);
  for (int round = 0; round < 10; ++round) {
    Make({.in_flight_max = 3});
    Atomic<int> done = 0;
    std::vector<Thread> threads(8);
    for (Thread& thread : threads)
      ASSERT_TRUE(thread
                      .Start("caller",
                             [&] {
                               while (true) {
                                 const auto outputs = Invoke(input);
                                 done.FetchAdd(1, kRelaxed);
                                 if (!outputs.ok()) {
                                   EXPECT_EQ(outputs.status().code(), StatusCode::kClosed);
                                   return;
                                 }
                                 EXPECT_TRUE(IsAnswer(GetParam(), (*outputs)[0], expected));
                               }
                             })
                      .ok());
    while (done.Load(kRelaxed) < 5) {
    }
    op_->Close();
  }
}

// ENG-7: a model cannot be invoked from inside an op of the engine that would run it.
TEST_P(CachedOpTest, InvokeInsideAnOpIsRefused) {
  const Tensor input = RandomTensor(Shape({1, 8}), 5);
  StatusCode seen = StatusCode::kOk;
  engine_
      ->Push({.name = "nested",
              .body = [&](const OpContext&) { seen = Invoke(input).status().code(); }})
      .value();
  engine_->WaitForAll();
  EXPECT_EQ(seen, RunsInline() ? StatusCode::kOk : StatusCode::kWaitInsideOp);
  EXPECT_TRUE(Invoke(input).ok());
}

// An engine that was stopped refuses requests with its own code, and nothing of the request stays
// behind.
TEST_P(CachedOpTest, StoppedEngineRefuses) {
  const Tensor input = RandomTensor(Shape({1, 8}), 5);
  ASSERT_TRUE(Invoke(input).ok());
  ASSERT_TRUE(engine_->Stop(StopMode::kDrain).ok());
  EXPECT_EQ(Invoke(input).status().code(), RunsInline() ? StatusCode::kOk : StatusCode::kStopped);
}

// COP-6: with the flag off the answers are the same, on the calling thread, without an engine.
TEST_P(CachedOpTest, WithoutTheFlagItRunsInline) {
  const Tensor input = RandomTensor(Shape({2, 8}), 5);
  CachedOp op(nullptr, graph_, {.thread_safe = false, .way = GetParam().way});
  EXPECT_EQ(Floats(op.Invoke({&input, 1}).value()[0]), Expected(input));
}

// How many ops a request is: one; of a dataflow, those that may run beside one another. Inline
// there is none, and so it is direct, where nobody else has the place.
TEST_P(CachedOpTest, PushesTheOpsOfItsWay) {
  const Tensor input = RandomTensor(Shape({2, 8}), 5);
  ASSERT_TRUE(Invoke(input).ok());
  // MatMul-Relu, MatMul-Sigmoid, MatMul-Tanh, Add, and the end.
  const bool by_its_caller =
      RunsInline() || (GetParam().way == Way::kDirect && GetParam().workers > 0);
  const uint64_t ops = by_its_caller ? 0 : GetParam().way == Way::kDataflow ? 5 : 1;
  EXPECT_EQ(engine_->counts().pushed, ops);
}

// COP-1: whoever calls, however he rounds. He keeps what he has: how he rounds, and how many
// threads OpenMP may have.
TEST_P(CachedOpTest, TheThreadOfItsCallerChangesNoAnswer) {
  const Tensor input = RandomTensor(Shape({2, 8}), 5), other = RandomTensor(Shape({3, 8}), 6);
  const std::vector<float> expected = Floats(Invoke(input).value()[0]);
  const int threads = omp_get_max_threads();
  omp_set_num_threads(3);
  std::fesetround(FE_UPWARD);
  const auto again = Invoke(input);
  const bool compiles = Invoke(other).ok();
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  std::fesetround(FE_TONEAREST);
  EXPECT_EQ(omp_get_max_threads(), 3);
  omp_set_num_threads(threads);
  EXPECT_TRUE(compiles);
  EXPECT_EQ(Floats(again.value()[0]), expected);
}

#if defined(TENTER_PROBES)
// Its engine does not know of it, so a stop returns beside it; one that cancels ends it all the
// same.
TEST(CachedOpDirect, AStopThatCancelsEndsIt) {
  Gate inside, stopped;
  AtSite probe(cached_op_sites::kNodeRun, [&](const ProbeContext&) {
    inside.Open();
    stopped.Wait();
    return ProbeOutcome{};
  });
  const std::unique_ptr<Engine> engine = MakeEngine({.workers = 1});
  CachedOp op(engine.get(), BranchModel(), {.way = Way::kDirect, .workers = 1, .probe = &probe});
  const Tensor input = RandomTensor(Shape({2, 8}), 5);
  Thread caller;
  Status status;
  ASSERT_TRUE(caller.Start("caller", [&] { status = op.Invoke({&input, 1}).status(); }).ok());
  inside.Wait();
  EXPECT_TRUE(engine->Stop(StopMode::kCancel).ok());
  stopped.Open();
  caller.Join();
  EXPECT_EQ(status.code(), StatusCode::kStopped) << status.message();
  EXPECT_EQ(op.Invoke({&input, 1}).status().code(), StatusCode::kStopped);
}

// COP-6: concurrent use without the flag is detected and refused, and leaves the op usable.
TEST_P(CachedOpTest, ConcurrentUseWithoutTheFlagIsRefused) {
  const Tensor input = RandomTensor(Shape({1, 8}), 5);
  StatusCode seen = StatusCode::kOk;
  probe_ = std::make_unique<AtSite>(cached_op_sites::kNodeRun, [&](const ProbeContext& context) {
    if (context.op == "Relu1" && seen == StatusCode::kOk) seen = Invoke(input).status().code();
    return ProbeOutcome{};
  });
  Make({.thread_safe = false, .probe = probe_.get()});
  EXPECT_TRUE(Invoke(input).ok());
  EXPECT_EQ(seen, StatusCode::kConcurrentUse);
  EXPECT_TRUE(Invoke(input).ok());
}

// COP-5: a node that fails fails its request alone; the message names request, node and shapes,
// also of a node in the epilogue of another.
TEST_P(CachedOpTest, FailingNodeFailsItsRequestAlone) {
  probe_ = std::make_unique<AtSite>(cached_op_sites::kNodeRun, [](const ProbeContext& context) {
    if ((context.op == "Tanh5" && context.request == 2) ||
        (context.op == "MatMul4" && context.request == 3))
      throw std::runtime_error("boom");
    return ProbeOutcome{};
  });
  for (const bool thread_safe : {true, false}) {
    Make({.thread_safe = thread_safe, .probe = probe_.get()});
    const Tensor input = RandomTensor(Shape({2, 8}), 5);
    for (int request = 1; request <= 4; ++request) {
      const auto outputs = Invoke(input);
      if (request == 1 || request == 4) {
        EXPECT_TRUE(IsAnswer(GetParam(), outputs.value()[0], Expected(input)));
        continue;
      }
      EXPECT_EQ(outputs.status().message(),
                request == 2 ? "request 2: node 'Tanh5' (Tanh of (float32[2,8])): "
                               "std::runtime_error: boom"
                             : "request 3: node 'MatMul4' (MatMul of (float32[2,8], "
                               "float32[8,8])): std::runtime_error: boom");
    }
  }
}

// COP-8: a failure that was answered to the caller is reported to nobody else, and leaves no
// memory.
TEST_P(CachedOpTest, AnsweredFailuresLeaveNothing) {
  probe_ = std::make_unique<AtSite>(cached_op_sites::kNodeRun, [](const ProbeContext& context) {
    if (context.op == "Tanh5") throw std::runtime_error("boom");
    return ProbeOutcome{};
  });
  Make({.probe = probe_.get()});
  const Tensor input = RandomTensor(Shape({2, 8}), 5);
  size_t heap_before = 0;
  for (int request = 0; request < 5000; ++request) {
    if (request == 1000) heap_before = mallinfo2().uordblks;  // zero in the sanitizers' flavours
    EXPECT_EQ(Invoke(input).status().code(), StatusCode::kInternal);
  }
  EXPECT_LT(mallinfo2().uordblks, heap_before + 64 * 1024);
  const FailureReport report = engine_->AwaitAll().value();
  EXPECT_TRUE(report.failures.empty());
  EXPECT_EQ(report.more, 0u);
  EXPECT_EQ(engine_->LastFailure(), nullptr);
}

// COP-5, ERR-10: no memory for an arena fails that request with a typed error, and the next one
// works.
TEST_P(CachedOpTest, ArenaWithoutMemoryFailsOneRequest) {
  int hits = 0;
  probe_ = std::make_unique<AtSite>(cached_op_sites::kArenaAcquire, [&](const ProbeContext&) {
    if (++hits == 2) throw std::bad_alloc();
    return ProbeOutcome{};
  });
  Make({.probe = probe_.get()});
  const Tensor input = RandomTensor(Shape({2, 8}), 5);
  EXPECT_TRUE(Invoke(input).ok());
  EXPECT_EQ(Invoke(input).status().code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(Invoke(input).ok());
  EXPECT_EQ(op_->footprint().in_flight, 0u);
}
#endif

}  // namespace
}  // namespace tenter
