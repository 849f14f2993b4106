// One allocation of one call of Invoke fails, each in turn: the call answers with a typed error or
// succeeds, nobody is stranded, nothing is left behind, and the next call works (COP-2, COP-5).
#include <gtest/gtest.h>

#include <functional>

#include "runtime/base/atomic.h"
#include "runtime/base/failing_allocations.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"
#include "runtime/cached_op/cached_op.h"
#include "runtime/cached_op/sites.h"
#include "runtime/cached_op/test_model.h"

namespace tenter {
namespace {

using Whose = FailingAllocations::Whose;
using Outputs = Result<std::vector<Tensor>>;

// Does something else at each site.
class Sites : public Probe {
 public:
  using Action = std::function<Status(const Site&, const ProbeContext&)>;
  explicit Sites(Action action) : action_(std::move(action)) {}
  ProbeOutcome Hit(const Site& site, const ProbeContext& context) override {
    return {.error = action_(site, context)};
  }

 private:
  const Action action_;
};

struct Called {
  Runs runs;
  bool thread_safe = true;
  KernelChoice kernels = KernelChoice::kReference;
};

std::vector<Called> AllCalled() {
  std::vector<Called> all = {{{1, Way::kInline}, false},
                             {{1, Way::kSerial}, true, KernelChoice::kOneDnn},
                             {{2, Way::kDataflow}, true, KernelChoice::kOneDnn}};
  for (const Runs& runs : AllRuns()) all.push_back({runs});
  return all;
}

class NoMemoryTest : public testing::TestWithParam<Called> {
 protected:
  void SetUp() override {
    Make({});
    expected_ = Floats(op_->Invoke({&input_, 1}).value()[0]);
  }
  void Make(CachedOpOptions options) {
    options.thread_safe = GetParam().thread_safe;
    options.workers = GetParam().runs.workers;
    options.way = GetParam().runs.way;
    options.batch_max = GetParam().runs.batch;
    options.intra_op = GetParam().runs.intra_op;
    options.grain = 1;
    options.kernels = GetParam().kernels;
    op_ = nullptr;
    engine_ = MakeEngine({.workers = GetParam().runs.workers});
    op_ = std::make_unique<CachedOp>(engine_.get(), graph_, options);
  }

  // Calls `call` with n = 1, 2, ... until no allocation of it fails. Returns how many did.
  int EachAllocation(const std::function<void()>& before, const std::function<Outputs()>& call,
                     StatusCode usual, Whose whose = Whose::kThisThread) {
    for (int n = 1;; ++n) {
      before();
      FailingAllocations failing(n, whose);
      const Outputs outputs = call();
      const bool failed = failing.Disarm();
      const StatusCode code = outputs.status().code();
      EXPECT_TRUE(code == usual || (failed && code == StatusCode::kResourceExhausted))
          << "allocation " << n << ": " << outputs.status().ToString();
      if (code == StatusCode::kOk) {
        EXPECT_EQ(Floats((*outputs)[0]), expected_) << n;
      }
      EXPECT_EQ(op_->footprint().in_flight, 0u) << "allocation " << n;
      if (!failed || testing::Test::HasFailure()) return n - 1;
    }
  }
  void OneWaitsForAnother(const Site& at, CachedOpOptions options, bool warm, bool may_share);
  void ExpectNextCallWorks() {
    const Outputs outputs = op_->Invoke({&input_, 1});
    ASSERT_TRUE(outputs.ok()) << outputs.status().ToString();
    EXPECT_EQ(Floats((*outputs)[0]), expected_);
  }
  uint64_t LiveVars() {
    try {
      engine_->WaitForAll();
    } catch (const AggregateError&) {  // nodes without memory
    }
    return engine_->counts().live_vars;
  }

  const std::shared_ptr<const Graph> graph_ = BranchModel();
  const Tensor input_ = RandomTensor(Shape({2, 8}), 5);
  const Tensor misfit_ = RandomTensor(Shape({2, 7}), 5);
  std::vector<float> expected_;
  std::unique_ptr<Probe> probe_;  // outlives engine and op
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<CachedOp> op_;
};
INSTANTIATE_TEST_SUITE_P(Ways, NoMemoryTest, testing::ValuesIn(AllCalled()), [](const auto& info) {
  return NameOfRuns(info.param.runs) + (info.param.thread_safe ? "" : "Confined") +
         (info.param.kernels == KernelChoice::kOneDnn ? "OneDnn" : "");
});

// A call that compiles. The op is new each time, so that it does.
TEST_P(NoMemoryTest, FirstCall) {
  const auto before = [&] {
    if (op_->footprint().requests > 0) ExpectNextCallWorks();
    Make({});
  };
  EXPECT_GT(EachAllocation(
                before,
                [&] {
                  return op_->Invoke({&input_, 1});
                },
                StatusCode::kOk),
            100);
}

// Also when it is a worker that has no memory.
TEST_P(NoMemoryTest, WarmCall) {
  const auto before = [&] { ExpectNextCallWorks(); };
  const uint64_t vars = LiveVars();
  for (const Whose whose : {Whose::kThisThread, Whose::kEveryThread}) {
    EXPECT_GT(EachAllocation(
                  before,
                  [&] {
                    return op_->Invoke({&input_, 1});
                  },
                  StatusCode::kOk, whose),
              5);
    ExpectNextCallWorks();
  }
  EXPECT_EQ(LiveVars(), vars);
}

// Each call has to compile its plan and to destroy an older arena, since there is no room for one
// more.
TEST_P(NoMemoryTest, CallThatReplacesAnother) {
  Make({.in_flight_max = 1, .plans_max = 1});
  const Tensor other = RandomTensor(Shape({3, 8}), 6);
  ASSERT_TRUE(op_->Invoke({&other, 1}).ok());
  const uint64_t vars = LiveVars();
  const auto before = [&] { ASSERT_TRUE(op_->Invoke({&other, 1}).ok()); };
  EXPECT_GT(EachAllocation(
                before,
                [&] {
                  return op_->Invoke({&input_, 1});
                },
                StatusCode::kOk),
            100);
  ExpectNextCallWorks();
  EXPECT_EQ(LiveVars(), vars);
}

TEST_P(NoMemoryTest, RefusedCall) {
  EXPECT_GT(EachAllocation([&] { ExpectNextCallWorks(); },
                           [&] {
                             return op_->Invoke({&misfit_, 1});
                           },
                           StatusCode::kInvalidArgument),
            2);
  op_->Close();
  EXPECT_GT(EachAllocation([] {},
                           [&] {
                             return op_->Invoke({&input_, 1});
                           },
                           StatusCode::kClosed),
            0);
}

#if defined(TENTER_PROBES)

TEST_P(NoMemoryTest, CallWithAFailingNode) {
  bool failing = false;
  probe_ = std::make_unique<Sites>([&](const Site& site, const ProbeContext& context) -> Status {
    if (failing && site.name == cached_op_sites::kNodeRun.name && context.op == "Relu1")
      return {StatusCode::kInternal, "boom, said at such a length that the text is on the heap"};
    return {};
  });
  Make({.probe = probe_.get()});
  const auto before = [&] {
    failing = false;
    ExpectNextCallWorks();
    failing = true;
  };
  for (const Whose whose : {Whose::kThisThread, Whose::kEveryThread})
    EXPECT_GT(EachAllocation(
                  before,
                  [&] {
                    return op_->Invoke({&input_, 1});
                  },
                  StatusCode::kInternal, whose),
              5);
}

// One caller is held at the site `at` and then finds no memory, while another waits for what the
// first one has. Both calls end. The second one is right; or, if it `may_share` the failure, has no
// memory.
void NoMemoryTest::OneWaitsForAnother(const Site& at, CachedOpOptions options, bool warm,
                                      bool may_share) {
  if (!GetParam().thread_safe) GTEST_SKIP() << "there is one caller at a time";
  std::unique_ptr<Gate> is_there;
  Atomic<bool> armed = false;
  probe_ = std::make_unique<Sites>([&](const Site& site, const ProbeContext&) -> Status {
    if (site.name != at.name || !armed.Exchange(false, kAcqRel)) return {};
    is_there->Open();
    while (op_->footprint().waiting == 0) YieldThread();
    return {};
  });
  options.probe = probe_.get();
  for (int n = 1, failed = true; failed; ++n) {
    Make(options);
    if (warm) ExpectNextCallWorks();
    is_there = std::make_unique<Gate>();
    armed.Store(true, kRelease);
    Outputs other = Status(StatusCode::kInternal, "not called");
    Thread waits;
    ASSERT_TRUE(waits
                    .Start("waits",
                           [&] {
                             is_there->Wait();
                             other = op_->Invoke({&input_, 1});
                           })
                    .ok());
    FailingAllocations failing(n, Whose::kThisThread);
    const Outputs outputs = op_->Invoke({&input_, 1});
    failed = failing.Disarm();
    EXPECT_TRUE(outputs.ok() || outputs.status().code() == StatusCode::kResourceExhausted) << n;
    armed.Store(false, kRelease);
    is_there->Open();
    waits.Join();
    if (other.ok()) {
      EXPECT_EQ(Floats((*other)[0]), expected_);
    } else {
      EXPECT_TRUE(may_share && other.status().code() == StatusCode::kResourceExhausted)
          << other.status().ToString();
    }
    ExpectNextCallWorks();
    ASSERT_FALSE(HasFailure()) << "allocation " << n;
  }
}

TEST_P(NoMemoryTest, CallerThatWaitsForThePlan) {
  OneWaitsForAnother(cached_op_sites::kPlanCompile, {}, false, true);
}

// Who returns the room begins the other request, which may be the one then that has no memory.
TEST_P(NoMemoryTest, CallerThatWaitsForRoom) {
  OneWaitsForAnother(cached_op_sites::kArenaAcquire, {.in_flight_max = 1}, true, true);
}

#endif

// A part of a kernel fails by itself, and there may be no memory to keep what it says.
TEST(NoMemoryOfParts, AnswersAllTheSame) {
  Graph graph;
  graph.opset = 13;
  graph.values.push_back({"x", TensorSpec{DType::kFloat32, Shape({2, 4})}, std::nullopt});
  graph.values.push_back({"i", TensorSpec{DType::kInt64, Shape({3})}, std::nullopt});
  graph.values.push_back({"y", std::nullopt, std::nullopt});
  Attributes axis;
  axis.Set("axis", int64_t{1});
  graph.nodes.push_back({"gather", "Gather", axis, {0, 1}, {2}});
  graph.inputs = {0, 1};
  graph.outputs = {2};
  CachedOp op(nullptr, std::make_shared<const Graph>(Simplify(std::move(graph)).value()),
              {.intra_op = 2, .grain = 1, .way = Way::kInline});
  const Tensor x = RandomTensor(Shape({2, 4}), 1);
  const Tensor indices = Tensor::Allocate({DType::kInt64, Shape({3})}).value();
  std::vector<Tensor> inputs = {x, indices};
  ASSERT_TRUE(op.Invoke(inputs).ok());
  inputs[1].mutable_data<int64_t>()[1] = 9;
  bool failed = true;
  for (int which = 1; failed && which < 200; ++which) {
    FailingAllocations failing(which, FailingAllocations::Whose::kEveryThread);
    const auto outputs = op.Invoke(inputs);
    failed = failing.Disarm();
    EXPECT_FALSE(outputs.ok()) << "allocation " << which;
  }
  EXPECT_FALSE(failed);
  inputs[1].mutable_data<int64_t>()[1] = 3;
  EXPECT_TRUE(op.Invoke(inputs).ok());
}

}  // namespace
}  // namespace tenter
