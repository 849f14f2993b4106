// Requests that wait run as one, and none of them notices: neither in its numbers nor in its errors
// (COP-1, COP-5, COP-7).
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "runtime/base/gate.h"
#include "runtime/base/thread.h"
#include "runtime/cached_op/cached_op.h"
#include "runtime/cached_op/sites.h"
#include "runtime/cached_op/test_model.h"
#include "runtime/graph/testing.h"

namespace tenter {
namespace {

#if defined(TENTER_PROBES)

using Results = Result<std::vector<Tensor>>;

// Holds requests at their first node, and lets nodes of others fail.
class Strikes final : public Probe {
 public:
  ProbeOutcome Hit(const Site& site, const ProbeContext& context) override {
    if (site.name == cached_op_sites::kArenaAcquire.name) {
      if (arenas.FetchAdd(1, kRelaxed) + 1 == fails_arena)
        return {.error = {StatusCode::kInternal, "no arena today"}};
      return {};
    }
    if (site.name != cached_op_sites::kNodeRun.name) return {};
    if (context.request == holds[0] && held[0].Exchange(true, kRelaxed) == false) Hold(0);
    if (context.request == holds[1] && held[1].Exchange(true, kRelaxed) == false) Hold(1);
    if (fails.contains(context.request) && context.op == fails_at)
      return {.error = {StatusCode::kInternal, "struck"}};
    return {};
  }
  void Hold(int i) {
    runs[i].Open();
    go[i].Wait();
  }
  // Set before the first hit.
  int64_t holds[2] = {1, -1};
  std::set<int64_t> fails;
  std::string fails_at;
  int fails_arena = 0;
  Atomic<bool> held[2] = {false, false};
  Atomic<int> arenas = 0;
  Gate runs[2], go[2];
};

// Request 1 has the only place and is held; others wait behind it. Reference kernels: the same bits
// in any batch.
class CachedOpBatch : public testing::Test {
 protected:
  void Make(CachedOpOptions options = {}) {
    options.workers = 1;
    options.in_flight_max = options.in_flight_max == 8 ? 16 : options.in_flight_max;
    options.batch_max = options.batch_max == 1 ? 8 : options.batch_max;
    options.kernels = KernelChoice::kReference;
    options.probe = &strikes_;
    op_ = std::make_unique<CachedOp>(engine_.get(), graph_, options);
    EXPECT_EQ(Ask(InputOf(1)), 1u);
    strikes_.runs[0].Wait();
  }
  void TearDown() override {
    for (Gate& go : strikes_.go) go.Open();
    op_ = nullptr;
  }
  virtual Tensor InputOf(int key, int64_t rows = 2) {
    return RandomTensor(Shape({rows, 8}), static_cast<uint64_t>(key));
  }
  uint64_t Ask(const Tensor& input, const InvokeOptions& options = {}) {
    const int key = ++asked_;
    const auto answer = [this, key](Results results) {
      MutexLock lock(mutex_);
      answers_.emplace(key, std::move(results));
      changed_.NotifyAll();
    };
    return op_->InvokeAsync({input}, options, answer).value();
  }
  void Await(size_t count) {
    MutexLock lock(mutex_);
    while (answers_.size() < count) changed_.Wait(mutex_);
  }
  const Results& AnswerOf(int key) { return MutexLock(mutex_), answers_.at(key); }
  size_t answered() { return MutexLock(mutex_), answers_.size(); }
  // As an op of its own answers that runs each request alone.
  std::vector<float> Alone(const Tensor& input) {
    CachedOp alone(nullptr, graph_, {.kernels = KernelChoice::kReference, .way = Way::kInline});
    return Floats(alone.Invoke({&input, 1}).value()[0]);
  }
  void ExpectRight(int key, const Tensor& input) {
    ASSERT_TRUE(AnswerOf(key).ok()) << key << ": " << AnswerOf(key).status().ToString();
    EXPECT_EQ(Floats((*AnswerOf(key))[0]), Alone(input)) << key;
  }

  std::shared_ptr<const Graph> graph_ = BranchModel();
  Strikes strikes_;
  std::unique_ptr<Engine> engine_ = MakeEngine({.workers = 1});
  std::unique_ptr<CachedOp> op_;
  Mutex mutex_;
  CondVar changed_;
  std::map<int, Results> answers_;
  int asked_ = 0;
};

TEST_F(CachedOpBatch, ThoseThatWaitRunAsOne) {
  Make();
  for (int key = 2; key <= 6; ++key) Ask(InputOf(key));
  EXPECT_EQ(op_->footprint().waiting, 5u);
  EXPECT_EQ(op_->footprint().compilations, 1u);
  strikes_.go[0].Open();
  Await(6);
  for (int key = 1; key <= 6; ++key) ExpectRight(key, InputOf(key));
  EXPECT_EQ(op_->footprint().batched, 4u);  // and the fifth alone
  EXPECT_EQ(op_->footprint().in_flight_max, 4u);
  EXPECT_EQ(op_->footprint().in_flight, 0u);
}

TEST_F(CachedOpBatch, NoMoreRunThanMayBeInFlight) {
  Make({.in_flight_max = 3});
  for (int key = 2; key <= 9; ++key) Ask(InputOf(key));
  strikes_.go[0].Open();
  Await(9);
  for (int key = 1; key <= 9; ++key) ExpectRight(key, InputOf(key));
  EXPECT_EQ(op_->footprint().in_flight_max, 2u);
}

// Those of another shape or priority run for themselves, and nobody is overtaken.
TEST_F(CachedOpBatch, OthersDoNotGoAlong) {
  Make();
  const auto rows = [](int key) { return key % 3 == 0 ? 3 : 2; };
  for (int key = 2; key <= 7; ++key) Ask(InputOf(key, rows(key)), {.priority = key > 5 ? 1 : 0});
  strikes_.go[0].Open();
  Await(7);
  for (int key = 1; key <= 7; ++key) ExpectRight(key, InputOf(key, rows(key)));
  EXPECT_EQ(op_->footprint().batched, 2u);  // 4 and 5
}

TEST_F(CachedOpBatch, OneThatIsCancelledEndsBeforeTheNextNode) {
  strikes_.holds[1] = 2;
  Make();
  for (int key = 2; key <= 5; ++key) Ask(InputOf(key));
  strikes_.go[0].Open();
  strikes_.runs[1].Wait();  // at the first node of the batch
  op_->Cancel(3);
  EXPECT_EQ(answered(), 1u);
  strikes_.go[1].Open();
  Await(5);
  EXPECT_EQ(AnswerOf(3).status().code(), StatusCode::kStopped);
  EXPECT_EQ(AnswerOf(3).status().message(), "request 3: it was cancelled");
  for (const int key : {2, 4, 5}) ExpectRight(key, InputOf(key));
}

TEST_F(CachedOpBatch, AllAreCancelled) {
  strikes_.holds[1] = 2;
  Make();
  for (int key = 2; key <= 5; ++key) Ask(InputOf(key));
  strikes_.go[0].Open();
  strikes_.runs[1].Wait();
  for (int key = 2; key <= 5; ++key) op_->Cancel(static_cast<uint64_t>(key));
  Ask(InputOf(6));
  strikes_.go[1].Open();
  Await(6);
  for (int key = 2; key <= 5; ++key) EXPECT_EQ(AnswerOf(key).status().code(), StatusCode::kStopped);
  ExpectRight(6, InputOf(6));
}

// A failure is that of one request, which names its own shapes; also when all fail.
TEST_F(CachedOpBatch, OneThatFailsFailsAlone) {
  strikes_.fails = {3, 6, 7};
  strikes_.fails_at = "MatMul2";
  Make();
  for (int key = 2; key <= 7; ++key) Ask(InputOf(key));
  strikes_.go[0].Open();
  Await(7);
  for (const int key : {3, 6, 7})
    EXPECT_EQ(AnswerOf(key).status().ToString(),
              "internal: request " + std::to_string(key) +
                  ": node 'MatMul2' (MatMul of (float32[2,8], float32[8,8])): struck");
  for (const int key : {1, 2, 4, 5}) ExpectRight(key, InputOf(key));
  EXPECT_TRUE(engine_->AwaitAll().value().failures.empty());
}

// What strikes an arena strikes a request that runs alone: of a batch nobody could be told.
TEST_F(CachedOpBatch, ABatchHasNoSiteOfItsOwn) {
  strikes_.fails_arena = 2;
  Make();
  for (int key = 2; key <= 6; ++key) Ask(InputOf(key));
  strikes_.go[0].Open();
  Await(6);
  EXPECT_EQ(op_->footprint().batched, 4u);
  EXPECT_EQ(AnswerOf(6).status().message(), "no arena today");
  for (int key = 1; key <= 5; ++key) ExpectRight(key, InputOf(key));
}

TEST_F(CachedOpBatch, ClosingLetsABatchFinish) {
  strikes_.holds[1] = 2;
  Make();
  for (int key = 2; key <= 6; ++key) Ask(InputOf(key));
  strikes_.go[0].Open();
  strikes_.runs[1].Wait();
  op_->Close();
  EXPECT_EQ(AnswerOf(6).status().code(), StatusCode::kClosed);
  strikes_.go[1].Open();
  op_ = nullptr;
  for (int key = 2; key <= 5; ++key) ExpectRight(key, InputOf(key));
}

TEST_F(CachedOpBatch, CallersThatBlockGoAlong) {
  Make();
  std::vector<Results> results(4, Status(StatusCode::kInternal, "absent"));
  {
    std::vector<Thread> callers(4);
    for (int i = 0; i < 4; ++i)
      ASSERT_TRUE(callers[i]
                      .Start("caller",
                             [&, i] {
                               const Tensor input = InputOf(10 + i);
                               results[i] = op_->Invoke({&input, 1});
                             })
                      .ok());
    while (op_->footprint().waiting < 4) YieldThread();
    strikes_.go[0].Open();
  }
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(results[i].ok());
    EXPECT_EQ(Floats((*results[i])[0]), Alone(InputOf(10 + i)));
  }
  EXPECT_GE(op_->footprint().batched, 2u);
}

// The plans for several count for the limit of those that are kept.
TEST_F(CachedOpBatch, PlansForSeveralAreNotKeptBeyondTheLimit) {
  Make({.in_flight_max = 64, .plan_bytes_max = 600 << 10, .batch_max = 64});
  for (int i = 0; i < 20; ++i) {
    Ask(InputOf(1, 2));
    Ask(InputOf(1, 3));
    const CachedOpFootprint now = op_->footprint();
    EXPECT_TRUE(now.plans == 1 || now.plan_bytes <= 600 << 10)
        << now.plans << " " << now.plan_bytes;
  }
  strikes_.go[0].Open();
  Await(41);
  for (int key = 2; key <= 41; ++key) ExpectRight(key, InputOf(1, key % 2 == 0 ? 2 : 3));
}

// The column is rows / 3: the same for one row and for two, and another for four.
class CachedOpBatchByRows : public CachedOpBatch {
 protected:
  CachedOpBatchByRows() {
    GraphBuilder build(13);
    const int x = build.Input("x", {DType::kFloat32, {-1, 8}});
    const int rows = build.Add("Gather", {build.Add("Shape", {x}), build.Constant(Ints({0}))});
    const int third = build.Add("Div", {rows, build.Constant(Ints({3}))});
    build.Output(build.Add("Gather", {x, third}, With({{"axis", int64_t{1}}})), "y");
    graph_ = std::make_shared<const Graph>(Simplify(std::move(build.graph)).value());
  }
};
TEST_F(CachedOpBatchByRows, FourRunAsTwice) {
  Make();
  for (int key = 2; key <= 5; ++key) Ask(InputOf(key, 1));
  strikes_.go[0].Open();
  Await(5);
  for (int key = 2; key <= 5; ++key) ExpectRight(key, InputOf(key, 1));
}

// Rows of a table, by whole numbers; -9 is not there.
std::shared_ptr<const Graph> TableModel() {
  Graph graph;
  graph.name = "table";
  graph.opset = 13;
  graph.values = {{"x", TensorSpec{DType::kInt64, Shape({kUnknownDim, 1})}, std::nullopt},
                  {"table", std::nullopt, RandomTensor(Shape({4, 8}), 1)},
                  {"y", std::nullopt, std::nullopt}};
  graph.inputs = {0};
  graph.nodes = {{"pick", "Gather", {}, {1, 0}, {2}}};
  graph.outputs = {2};
  return std::make_shared<const Graph>(Simplify(std::move(graph)).value());
}

class CachedOpBatchOfIndices : public CachedOpBatch {
 protected:
  CachedOpBatchOfIndices() { graph_ = TableModel(); }
  Tensor InputOf(int key, int64_t rows = 2) override {
    Tensor tensor = Tensor::Allocate({DType::kInt64, Shape({rows, 1})}).value();
    for (int64_t i = 0; i < rows; ++i) tensor.mutable_data<int64_t>()[i] = (key + i) % 4;
    return tensor;
  }
};

// Whose number it is that is not there is not known: each runs again, alone.
TEST_F(CachedOpBatchOfIndices, ABatchThatFailsRunsAgainOneByOne) {
  Make();
  Tensor wrong = InputOf(4);
  wrong.mutable_data<int64_t>()[1] = -9;
  for (int key = 2; key <= 5; ++key) Ask(key == 4 ? wrong : InputOf(key));
  for (int key = 6; key <= 7; ++key) Ask(InputOf(key));
  strikes_.go[0].Open();
  Await(7);
  EXPECT_EQ(AnswerOf(4).status().code(), StatusCode::kOutOfRange);
  EXPECT_NE(AnswerOf(4).status().message().find("request 4: node 'pick'"), std::string::npos)
      << AnswerOf(4).status().message();
  for (const int key : {1, 2, 3, 5, 6, 7}) ExpectRight(key, InputOf(key));
  EXPECT_EQ(op_->footprint().in_flight, 0u);
  EXPECT_TRUE(engine_->AwaitAll().value().failures.empty());
}

#endif

}  // namespace
}  // namespace tenter
