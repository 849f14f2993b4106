// COP-4: a cached op goes while calls are inside. The probe holds calls where the tests want them.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>

#include "runtime/base/gate.h"
#include "runtime/base/thread.h"
#include "runtime/cached_op/cached_op.h"
#include "runtime/cached_op/sites.h"
#include "runtime/cached_op/test_model.h"

namespace tenter {
namespace {

#if defined(TENTER_PROBES)

// Calls a function at the sites of one name.
class AtSite : public Probe {
 public:
  AtSite(const Site& site, std::function<void()> action)
      : site_(site), action_(std::move(action)) {}
  ProbeOutcome Hit(const Site& site, const ProbeContext&) override {
    if (site.name == site_.name) action_();
    return {};
  }

 private:
  const Site& site_;
  const std::function<void()> action_;
};

// Gives other threads a while in which they could go on, if they wrongly did.
void YieldOften() {
  for (int i = 0; i < 2000; ++i) YieldThread();
}

TEST(CachedOpLife, DestructorWaitsForACallThatCompiles) {
  const Tensor input = RandomTensor(Shape({1, 8}), 5);
  Atomic<CachedOp*> seen = nullptr;
  Atomic<bool> destroyed = false;
  Gate compiles;
  AtSite probe(cached_op_sites::kPlanCompile, [&] {
    compiles.Open();
    while (!seen.Load(kAcquire)->closed()) YieldThread();
    YieldOften();
    EXPECT_FALSE(destroyed.Load(kAcquire)) << "under a call that is inside";
  });
  const auto engine = MakeEngine({.workers = 1});
  auto op =
      std::make_unique<CachedOp>(engine.get(), BranchModel(), CachedOpOptions{.probe = &probe});
  seen.Store(op.get(), kRelease);
  StatusCode code = StatusCode::kOk;
  Thread caller;
  ASSERT_TRUE(caller
                  .Start("caller",
                         [&] {
                           code = seen.Load(kAcquire)->Invoke({&input, 1}).status().code();
                         })
                  .ok());
  compiles.Wait();
  op.reset();
  destroyed.Store(true, kRelease);
  caller.Join();
  EXPECT_EQ(code, StatusCode::kClosed);
}

TEST(CachedOpLife, DestructorTurnsThoseAwayWhoWaitForRoom) {
  const Tensor input = RandomTensor(Shape({1, 8}), 5);
  Gate runs, go;
  AtSite probe(cached_op_sites::kNodeRun, [&] {
    runs.Open();
    go.Wait();
  });
  const auto engine = MakeEngine({.workers = 2});
  auto op = std::make_unique<CachedOp>(
      engine.get(), BranchModel(),
      CachedOpOptions{.in_flight_max = 1, .workers = 2, .probe = &probe});
  CachedOp* const seen = op.get();
  Thread first, destroyer;
  std::vector<Thread> waiting(3);
  ASSERT_TRUE(first.Start("first", [&] { EXPECT_TRUE(seen->Invoke({&input, 1}).ok()); }).ok());
  runs.Wait();
  for (Thread& thread : waiting)
    ASSERT_TRUE(
        thread
            .Start("waits",
                   [&] {
                     EXPECT_EQ(seen->Invoke({&input, 1}).status().code(), StatusCode::kClosed);
                   })
            .ok());
  while (seen->footprint().waiting != waiting.size()) YieldThread();
  ASSERT_TRUE(destroyer.Start("destroyer", [&] { op.reset(); }).ok());
  for (Thread& thread : waiting) thread.Join();
  go.Open();
  destroyer.Join();
  first.Join();
}

// ENG-7: the requests in flight may need the very worker that would wait for room, so inside an op
// that wait is refused too.
TEST(CachedOpLife, WaitingForRoomInsideAnOpIsRefused) {
  const Tensor input = RandomTensor(Shape({1, 8}), 5);
  Gate runs, go;
  AtSite probe(cached_op_sites::kNodeRun, [&] {
    runs.Open();
    go.Wait();
  });
  const auto engine = MakeEngine({.workers = 2});
  CachedOp op(engine.get(), BranchModel(), {.in_flight_max = 1, .workers = 2, .probe = &probe});
  Thread first;
  ASSERT_TRUE(first.Start("first", [&] { EXPECT_TRUE(op.Invoke({&input, 1}).ok()); }).ok());
  runs.Wait();
  StatusCode inside = StatusCode::kOk;
  engine
      ->Push({.name = "nested",
              .body =
                  [&](const OpContext&) {
                    inside = op.Invoke({&input, 1}).status().code();
                    go.Open();
                  }})
      .value();
  engine->WaitForAll();
  first.Join();
  EXPECT_EQ(inside, StatusCode::kWaitInsideOp);
}

// The end of a request is its last site, and each has one: how long it ran is known from outside.
TEST(CachedOpLife, ARequestEndsOnceBehindItsNodes) {
  const Tensor input = RandomTensor(Shape({1, 8}), 5);
  Atomic<int> nodes = 0, ends = 0;
  int nodes_before_end = 0;
  AtSite node(cached_op_sites::kNodeRun, [&] { nodes.FetchAdd(1, kRelaxed); });
  AtSite end(cached_op_sites::kRequestEnd, [&] {
    ends.FetchAdd(1, kRelaxed);
    nodes_before_end = nodes.Load(kRelaxed);
  });
  class Both : public Probe {
   public:
    Both(Probe& one, Probe& other) : one_(one), other_(other) {}
    ProbeOutcome Hit(const Site& site, const ProbeContext& context) override {
      one_.Hit(site, context);
      return other_.Hit(site, context);
    }

   private:
    Probe &one_, &other_;
  } both(node, end);
  for (const auto& [workers, way, batch, intra_op] : AllRuns()) {
    for (const bool thread_safe : {true, false}) {
      nodes.Store(0, kRelaxed), ends.Store(0, kRelaxed);
      const auto engine = MakeEngine({.workers = workers});
      CachedOp op(engine.get(), BranchModel(),
                  {.thread_safe = thread_safe,
                   .batch_max = batch,
                   .intra_op = intra_op,
                   .grain = 1,
                   .way = way,
                   .workers = workers,
                   .probe = &both});
      ASSERT_TRUE(op.Invoke({&input, 1}).ok());
      EXPECT_EQ(ends.Load(kRelaxed), 1);
      EXPECT_EQ(nodes_before_end, nodes.Load(kRelaxed));
      EXPECT_EQ(nodes_before_end, 7);  // as the model has, though some of them are one step
    }
  }
}

// Names of nodes may repeat.
TEST(CachedOpLife, OfTwoNodesOfOneNameTheOneThatFailedIsNamed) {
  Graph graph = *BranchModel();
  for (Node& node : graph.nodes)
    if (node.op_type == "MatMul") node.name = "product";
  class FailsAt : public Probe {
   public:
    ProbeOutcome Hit(const Site& site, const ProbeContext& context) override {
      if (site.name == cached_op_sites::kNodeRun.name && context.op == "Tanh5")
        throw std::runtime_error("boom");
      return {};
    }
  } probe;
  const Tensor input = RandomTensor(Shape({1, 8}), 5);
  for (const auto& [workers, way, batch, intra_op] : AllRuns())
    for (const bool thread_safe : {true, false}) {
      const auto engine = MakeEngine({.workers = workers});
      CachedOp op(engine.get(), std::make_shared<const Graph>(graph),
                  {.thread_safe = thread_safe,
                   .batch_max = batch,
                   .intra_op = intra_op,
                   .grain = 1,
                   .way = way,
                   .workers = workers,
                   .probe = &probe});
      EXPECT_EQ(op.Invoke({&input, 1}).status().message(),
                "request 1: node 'Tanh5' (Tanh of (float32[1,8])): std::runtime_error: boom");
    }
}

#endif

}  // namespace
}  // namespace tenter
