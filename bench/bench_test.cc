// Programs are what they say, edges follow from accesses, the policy model keeps its contracts, and
// every contender runs every op once.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "bench/contender/mutex_pool.h"
#include "bench/contender/mxnet_library.h"
#include "bench/contender/our_engine.h"
#include "bench/contender/plain_calls.h"
#include "bench/contender/tbb_peers.h"
#include "bench/measure/cases.h"
#include "bench/measure/pushers.h"
#include "bench/policy/policy_model.h"
#include "bench/program/programs.h"

namespace tenter::bench {
namespace {

using Edge = std::pair<uint32_t, uint32_t>;
using OneVar = std::array<uint32_t, 1>;

std::vector<Program> AllPrograms() {
  std::vector<Program> programs;
  programs.push_back(Independent(50));
  programs.push_back(Chains(50, 4));
  programs.push_back(RandomSets(200, 10, 100));
  programs.push_back(AmongLive(100, 1000));
  programs.push_back(ManyReaders(44, 10));
  programs.push_back(ManyReads(20, 100));
  programs.push_back(Disjoint(160, 8));
  programs.push_back(Pipelines(50, 8));
  programs.push_back(Layered(2, 3, 4));
  return programs;
}

TEST(Program, VariablesOfAnOpAreDistinctAndKnown) {
  for (const Program& program : AllPrograms()) {
    for (size_t op = 0; op < program.size(); ++op) {
      std::set<uint32_t> seen;
      for (const uint32_t var : program.reads(op)) EXPECT_TRUE(seen.insert(var).second);
      for (const uint32_t var : program.writes(op)) EXPECT_TRUE(seen.insert(var).second);
      for (const uint32_t var : seen) EXPECT_LT(var, program.variables());
    }
  }
}

TEST(Program, EdgesFollowFromAccesses) {
  Program program(2);
  const OneVar a = {0}, b = {1};
  program.Add({}, a);  // 0
  program.Add(a, b);   // 1 after 0
  program.Add(a, {});  // 2 after 0
  program.Add({}, a);  // 3 after the readers 1 and 2, and through them after 0
  program.Add(a, b);   // 4 after 3, and after 1, which wrote b
  EXPECT_EQ(program.Edges(), (std::vector<Edge>{{0, 1}, {0, 2}, {1, 3}, {2, 3}, {1, 4}, {3, 4}}));
}

TEST(Program, OnlyConflictsAreDependencies) {
  EXPECT_FALSE(Independent(10).HasDependencies());
  EXPECT_TRUE(Chains(10, 4).HasDependencies());
  Program readers(1);
  readers.Add(OneVar{0}, {});
  readers.Add(OneVar{0}, {});
  EXPECT_FALSE(readers.HasDependencies());
  readers.Add({}, OneVar{0});
  EXPECT_TRUE(readers.HasDependencies());
}

TEST(Program, PushersShareNoVariable) {
  const Program program = Disjoint(160, 8);
  for (size_t op = 0; op < program.size(); ++op) {
    for (const uint32_t var : program.reads(op)) EXPECT_EQ(var / 64, op * 8 / 160);
    for (const uint32_t var : program.writes(op)) EXPECT_EQ(var / 64, op * 8 / 160);
  }
}

// ERR-3: what depends on a failure does not run. ERR-8: it runs, and is poisoned all the same.
TEST(PolicyModel, SkipsOrWastesTheDependents) {
  const Program program = Pipelines(6, 2);  // 0-2-4 and 1-3-5
  const std::vector<bool> fails = {true, false, false, false, true, false};
  const Expectation skip = Expect(program, fails, ErrorPolicy::kSkipDependents);
  EXPECT_EQ(skip.ran, 4u);
  EXPECT_EQ(skip.failed, 1u);
  EXPECT_EQ(skip.skipped, 2u);
  EXPECT_EQ(skip.wasted, 0u);
  EXPECT_EQ(skip.poisoned_vars, 3u);
  constexpr uint32_t kHealthy = Expectation::kHealthy;
  const std::vector<uint32_t> roots = {0, kHealthy, 0, kHealthy, 0, kHealthy};
  EXPECT_EQ(skip.roots, roots);
  const Expectation run = Expect(program, fails, ErrorPolicy::kRunDependents);
  EXPECT_EQ(run.ran, 6u);
  EXPECT_EQ(run.failed, 2u) << "an op that runs on poison may fail by itself";
  EXPECT_EQ(run.wasted, 2u);
  EXPECT_EQ(run.roots, roots) << "4 failed too, but 0 failed before it";
}

// ERR-4: a plain write heals.
TEST(PolicyModel, AWriteHeals) {
  Program program(1);
  program.Add({}, OneVar{0});
  program.Add({}, OneVar{0});
  EXPECT_EQ(Expect(program, {true, false}, ErrorPolicy::kSkipDependents).poisoned_vars, 0u);
}

TEST(Contenders, RunEveryOpOnce) {
  std::vector<ContenderPtr> contenders = MakeTbbPeers(2);
  contenders.push_back(MakeOurEngine(0));
  contenders.push_back(MakeOurEngine(2));
  contenders.push_back(MakeMutexPool(2));
  contenders.push_back(std::make_unique<PlainCalls>());
  std::vector<Contender*> borrowed;
  for (const ContenderPtr& contender : contenders) borrowed.push_back(contender.get());
  for (Program& program : AllPrograms()) {
    const size_t ops = program.size();
    const Case one{.workload = "x", .program = std::move(program), .task_ns = 1};
    const std::vector<Row> rows = MeasureCase(one, borrowed, 2);
    EXPECT_GE(rows.size(), contenders.size() - 2) << "only the two pools may be left out";
    for (const Row& row : rows) {
      EXPECT_EQ(row.executed, 2 * ops) << row.contender;
      EXPECT_EQ(row.series.at("push_ns").size(), 2u);
      EXPECT_EQ(row.series.at("line_ns").size(), 2u);
      EXPECT_GT(row.series.at("line_ns")[0], 0);
    }
  }
}

TEST(Contenders, ReplayEveryOpOncePerReplay) {
  std::vector<ContenderPtr> contenders = MakeTbbPeers(2);
  const size_t graphs = contenders.empty() ? 0 : 1;
  contenders.push_back(MakeOurEngine(0));
  contenders.push_back(MakeOurEngine(2));
  contenders.push_back(MakeMutexPool(2));
  std::vector<Contender*> borrowed;
  for (const ContenderPtr& contender : contenders) borrowed.push_back(contender.get());
  for (Program& program : AllPrograms()) {
    const size_t ops = program.size();
    const Case one{.workload = "x", .program = std::move(program), .task_ns = 1, .replays = 3};
    const std::vector<Row> rows = MeasureCase(one, borrowed, 2);
    EXPECT_EQ(rows.size(), 2 + graphs) << "nobody else can capture";
    for (const Row& row : rows) {
      EXPECT_EQ(row.ops, 3 * ops) << row.contender;
      EXPECT_EQ(row.executed, 2 * 3 * ops) << row.contender;
    }
  }
}

// Forgets the last op of every push.
class Loser final : public Contender {
 public:
  Description description() const override { return {"loser", "", ""}; }
  Abilities abilities() const override { return {}; }
  void Prepare(const Program&, Work& work) override { work_ = &work; }
  void Push(size_t first, size_t last) override {
    for (size_t op = first; op + 1 < last; ++op) work_->Run();
  }
  void WaitAll() override {}
  void RoundTrip(size_t) override {}
  void Clear() override {}

 private:
  Work* work_ = nullptr;
};

TEST(Measure, ALostOpEndsWithoutAFigure) {
  Loser loser;
  const Case one{.workload = "chain", .program = Chains(10, 1)};
  try {
    MeasureCase(one, {&loser}, 1);
    FAIL() << "the lost op was not noticed";
  } catch (const StatusError& error) {
    EXPECT_EQ(error.status().message(), "loser ran 9 of 10 ops of chain");
  }
  EXPECT_THROW(MeasureRoundTrips("round trip", {&loser}, 5, 1, 0), StatusError);
}

TEST(Pushers, PushEveryOpOnceAndReportErrors) {
  const ContenderPtr engine = MakeOurEngine(2);
  Work work;
  const Program program = Disjoint(100, 8);
  engine->Prepare(program, work);
  for (const int pushers : {1, 3, 8}) PushFromThreads(*engine, program.size(), pushers);
  engine->WaitAll();
  EXPECT_EQ(work.done(), 300u);
  engine->Clear();
}

TEST(Mxnet, IsAbsentWithAReason) {
  EXPECT_NE(MxnetLibrary::Load({}).status().message().find("--peers"), std::string::npos);
  EXPECT_FALSE(MxnetLibrary::Load({.library = "/nowhere/libmxnet.so"}).ok());
}

TEST(Cases, EachPartHasItsWorkloads) {
  Options options;
  options.ops = 100;
  EXPECT_EQ(BasicCases(options).size(), 4u);
  EXPECT_EQ(CapturedCases(options).size(), 2u);
  for (const Case& one : CapturedCases(options)) EXPECT_GE(one.replays, 2u);
  EXPECT_EQ(PusherCases(options).size(), 3u);
  EXPECT_EQ(GrowthCases(options).size(), 11u);
  EXPECT_EQ(TaskSizeCases(options).size(), 22u);
}

}  // namespace
}  // namespace tenter::bench
