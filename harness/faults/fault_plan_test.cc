#include "harness/faults/fault_plan.h"

#include <gtest/gtest.h>

#include <map>

#include "harness/faults/fault_actions.h"
#include "harness/faults/injector.h"
#include "harness/faults/known_sites.h"
#include "harness/faults/nearest.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

Result<FaultPlan> Parse(std::string_view text) { return ParseFaultPlan(text, KnownSites()); }

TEST(FaultPlan, ReadsEveryPartOfTheGrammar) {
  const FaultPlan plan =
      Parse(
          "engine.op.body@op:\"a,b\",worker:1=2.5%once throw(runtime_error,\"boom; now\") -> "
          "every(3)delay(5..9); io.*=nth(4)error(data_loss);engine.op.complete=drop_completion;"
          "cached_op.arena.acquire@request:7=bad_alloc")
          .value();
  ASSERT_EQ(plan.items.size(), 4u);
  EXPECT_EQ(plan.items[0].op_glob, "a,b");
  EXPECT_EQ(plan.items[0].worker, 1);
  ASSERT_EQ(plan.items[0].terms.size(), 2u);
  EXPECT_EQ(plan.items[0].terms[0].percent, 2.5);
  EXPECT_TRUE(plan.items[0].terms[0].once);
  EXPECT_EQ(plan.items[0].terms[0].message, "boom; now");
  EXPECT_EQ(plan.items[0].terms[1].every, 3u);
  EXPECT_EQ(plan.items[0].terms[1].delay_us_max, 9u);
  EXPECT_EQ(plan.items[1].terms[0].nth, 4u);
  EXPECT_EQ(plan.items[1].terms[0].code, StatusCode::kDataLoss);
  EXPECT_EQ(plan.items[2].terms[0].action, kActionDropCompletion);
  EXPECT_EQ(plan.items[3].request, 7);
  EXPECT_TRUE(Parse("  ").value().items.empty());
}

// What the table says is what parser, printer and injector do.
TEST(FaultActions, EachParsesAsItIsSweptAndIsToldAsItsRowSays) {
  constexpr Site kAny{"any.site.here", ~0u, "every action means something here"};
  const Site* const sites[] = {&kAny};
  uint32_t all = 0;
  for (const FaultActionType& type : kFaultActions) {
    SCOPED_TRACE(type.name);
    EXPECT_EQ(FindFaultAction(type.name), &type);
    EXPECT_EQ(&FaultActionOf(type.action), &type);
    EXPECT_EQ(all & type.action, 0u) << "an action of its own";
    all |= type.action;
    if (type.swept.empty()) continue;
    EXPECT_TRUE(type.swept.starts_with(type.name) && type.written.starts_with(type.name));
    const std::string text = "any.site.here=" + std::string(type.swept);
    FaultPlan plan = ParseFaultPlan(text, sites).value();
    EXPECT_EQ(plan.items[0].terms[0].action, type.action);
    Flight none;
    Injector injector(std::move(plan), sites, 1, &none);
    EXPECT_EQ(injector.has_failures(), type.fails);
    ASSERT_TRUE(injector.Arm().ok());
    tgt_fault fault = {};
    const tgt_hit hit{"any.site.here", "op", -1, -1, -1};
    injector.Hit(hit, &fault);
    EXPECT_EQ(fault.kind, type.told);
    ASSERT_EQ(injector.fired().size(), 1u);
    const FiredFault fired = injector.fired()[0];
    EXPECT_EQ(fired.fails(), type.fails);
    EXPECT_EQ(fired.item, "any.site.here@op:\"op\"=nth(1)" + std::string(type.swept));
    if (fired.message.empty()) {
      EXPECT_EQ(fired.expected_text(), type.said);
    }
  }
  EXPECT_EQ(ActionNames(all).size() + 1, kFaultActions.size()) << "all but off";
  EXPECT_EQ(ActionNamesByBit()[1], "error");
  EXPECT_EQ(ActionNamesByBit().size(), static_cast<size_t>(std::popcount(all)));
}

TEST(FaultPlan, MistakesAreOneLineWithTheNearestMatch) {
  const std::pair<const char*, const char*> cases[] = {
      {"engine.op.bdy=off", "unknown site 'engine.op.bdy', did you mean 'engine.op.body'?"},
      {"engine.op.body=trow(runtime_error,\"x\")", "unknown action 'trow', did you mean 'throw'?"},
      {"engine.op.body=throw(runtime_eror,\"x\")", "did you mean 'runtime_error'?"},
      {"engine.op.body=error(data_los)", "unknown code 'data_los', did you mean 'data_loss'?"},
      {"engine.op.body@opp:x=off", "unknown filter 'opp', did you mean 'op'?"},
      {"engine.op.body=error(data_heat)", "unknown code 'data_heat'; known: "},
      {"engine.op.body=nth(0)off", "expected a positive number"},
      {"engine.op.body=200%off", "expected a percentage from 0 to 100"},
      {"engine.op.body", "expected '='"},
      {"engine.op.body=off off", "expected ';' or the end"},
      {"engine.op.body=delay(9..5)", "column 22: '9..5': a delay is US or LOW..HIGH"},
      {"engine.op.body=delay(20s)", "column 22: '20s': a delay is US or LOW..HIGH"},
      {"engine.op.body=delay(6000000,6000000)", "column 22: '6000000,6000000': a delay is US"},
      {"engine.op.body=delay(-1)", "'-1': a delay is US"},
      {"engine.op.body=delay(1..)", "'1..': a delay is US"},
      {"engine.op.body=delay()", "column 22: '': a delay is US"},
      {"engine.op.body=delay(3600000001)", "whole microseconds from 0 to 3600000000"},
      {"engine.op.body=delay(5", "expected ')'"},
      {"engine.push.allocate=drop_completion", "means nothing at site 'engine.push.allocate'"},
      {"engine.op.body=throw(runtime_error,boom)", "expected a message in quotes"},
  };
  for (const auto& [text, message] : cases) {
    const Status status = Parse(text).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_NE(status.message().find(message), std::string::npos) << text << "\n"
                                                                 << status.message();
    EXPECT_EQ(status.message().find('\n'), std::string::npos);
  }
}

TEST(Glob, MatchesStarsAndQuestionMarks) {
  EXPECT_TRUE(GlobMatches("engine.*.body", "engine.op.body"));
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_TRUE(GlobMatches("a*b*c", "aXbXbc"));
  EXPECT_FALSE(GlobMatches("a?c", "ac"));
  EXPECT_FALSE(GlobMatches("a*b", "abc"));
}

class InjectorTest : public testing::Test {
 protected:
  void Make(const char* plan, uint64_t seed = 1) {
    injector_ = std::make_unique<Injector>(Parse(plan).value(), KnownSites(), seed, &flight_);
    ASSERT_TRUE(injector_->Arm().ok());
  }
  tgt_fault Hit(const char* site, const char* op, int64_t request = -1) {
    const tgt_hit hit{site, op, -1, request, 0};
    tgt_fault fault = {};
    injector_->Hit(hit, &fault);
    return fault;
  }
  Flight flight_;
  std::unique_ptr<Injector> injector_;
};

TEST_F(InjectorTest, NthEveryAndOnceCountMatchingHits) {
  Make("engine.op.body@op:a=nth(2)throw(int,\"x\");engine.op.body@op:b=every(2)once error(closed)");
  EXPECT_EQ(Hit("engine.op.body", "a").kind, TGT_FAULT_NONE);
  EXPECT_EQ(Hit("engine.op.body", "b").kind, TGT_FAULT_NONE);
  EXPECT_EQ(Hit("engine.op.body", "a").kind, TGT_FAULT_THROW);
  EXPECT_EQ(Hit("engine.op.body", "a").kind, TGT_FAULT_NONE);
  EXPECT_EQ(Hit("engine.op.body", "b").kind, TGT_FAULT_ERROR);
  EXPECT_EQ(Hit("engine.op.body", "b").kind, TGT_FAULT_NONE);
  EXPECT_EQ(Hit("engine.op.body", "b").kind, TGT_FAULT_NONE);
  EXPECT_EQ(injector_->fired().size(), 2u);
}

TEST_F(InjectorTest, ArrowFallsThroughToTheNextTerm) {
  Make("engine.op.body=nth(1)throw(logic_error,\"first\")->throw(runtime_error,\"other\")");
  EXPECT_STREQ(Hit("engine.op.body", "a").message, "first [injected fault 1]");
  EXPECT_STREQ(Hit("engine.op.body", "a").message, "other [injected fault 2]");
}

// By one draw for all, a term behind one that is as probable would never fire.
TEST_F(InjectorTest, EachTermOfASiteHasADrawOfItsOwn) {
  for (const char* plan :
       {"engine.op.body=20%error(data_loss)->20%error(out_of_range)->20%error(closed)",
        "engine.op.body=20%error(data_loss); "
        "engine.op.*=20%error(out_of_range)->20%error(closed)"}) {
    Make(plan, 7);
    std::map<tgt_code, int> fired;
    for (int i = 0; i < 1000; ++i) {
      const tgt_fault fault = Hit("engine.op.body", "a");
      if (fault.kind != TGT_FAULT_NONE) ++fired[fault.code];
    }
    // 200, 160 and 128 are expected; more than six deviations of 13 away from it is no chance.
    EXPECT_NEAR(fired[TGT_DATA_LOSS], 200, 80) << plan;
    EXPECT_NEAR(fired[TGT_OUT_OF_RANGE], 160, 80) << plan;
    EXPECT_NEAR(fired[TGT_CLOSED], 128, 80) << plan;
  }
}

// Decisions belong to (seed, site, task, index): other tasks and their order change nothing.
TEST_F(InjectorTest, ProbabilitiesDoNotDependOnTheOrderOfTasks) {
  const auto fired = [&](bool interleave) {
    Make("engine.op.body=30%throw(int,\"x\")", 7);
    std::string pattern;
    for (int i = 0; i < 50; ++i) {
      if (interleave) Hit("engine.op.body", "other");
      pattern += Hit("engine.op.body", "mine").kind == TGT_FAULT_NONE ? '.' : 'x';
    }
    return pattern;
  };
  EXPECT_EQ(fired(false), fired(true));
  EXPECT_NE(fired(false).find('x'), std::string::npos);
}

// The effective plan names each fault by its own index and fires exactly the same ones.
TEST_F(InjectorTest, EffectivePlanReplaysWithoutProbabilities) {
  const auto run = [&] {
    std::string pattern;
    for (int i = 0; i < 40; ++i)
      for (const char* op : {"a", "b"})
        pattern += Hit("engine.op.body", op).kind == TGT_FAULT_NONE ? '.' : 'x';
    return pattern;
  };
  Make("engine.op.body=10%throw(int,\"x\")", 3);
  const std::string first = run();
  const std::string plan = injector_->EffectivePlan();
  ASSERT_FALSE(plan.empty());
  EXPECT_EQ(plan.find('%'), std::string::npos);
  Make(plan.c_str(), 999);
  EXPECT_EQ(run(), first);
}

// A workload makes its file in the folder of its run, and a replay has a folder of its own.
TEST_F(InjectorTest, EffectivePlanMeansAFileInAnyFolder) {
  Make("io.source.open=nth(2)error(data_loss)", 1);
  for (int i = 0; i < 3; ++i) Hit("io.source.open", "/out/first/rows.csv");
  Make(injector_->EffectivePlan().c_str(), 1);
  std::string pattern;
  for (int i = 0; i < 3; ++i)
    pattern += Hit("io.source.open", "/out/second/rows.csv").kind == TGT_FAULT_NONE ? '.' : 'x';
  EXPECT_EQ(pattern, ".x.");
}

TEST_F(InjectorTest, CountsHitsAndFires) {
  Make("engine.op.body=every(2)delay(1)");
  for (int i = 0; i < 5; ++i) Hit("engine.op.body", "a");
  for (const SiteCount& count : injector_->counts())
    if (count.name == "engine.op.body") {
      EXPECT_EQ(count.hit, 5u);
      EXPECT_EQ(count.fired, 2u);
    }
}

// Whether or not an item can mean them, and on whichever thread, hits are counted, and a fault that
// is to fire once does.
TEST_F(InjectorTest, ThreadsHitAtOnce) {
  constexpr int kThreads = 4, kHits = 1000;
  Make("engine.op.body@op:a=nth(77)throw(int,\"x\")");
  injector_->FollowRequests(kThreads);
  std::vector<Thread> threads(kThreads);
  Atomic<int> fired = 0;
  for (int t = 0; t < kThreads; ++t)
    ASSERT_TRUE(threads[t]
                    .Start("hits",
                           [&, t] {
                             for (int i = 0; i < kHits; ++i)
                               for (const char* op : {"a", "b"})
                                 if (Hit("engine.op.body", op, t).kind != TGT_FAULT_NONE)
                                   fired.FetchAdd(1, kRelaxed);
                           })
                    .ok());
  for (Thread& thread : threads) thread.Join();
  EXPECT_EQ(fired.Load(kRelaxed), 1);
  EXPECT_EQ(injector_->fired().size(), 1u);
  EXPECT_EQ(injector_->items()[0].hits, uint64_t{kThreads} * kHits);
  EXPECT_GE(injector_->MostRequestsTogether(), 1u);
  for (const SiteCount& count : injector_->counts())
    EXPECT_EQ(count.hit, count.name == "engine.op.body" ? uint64_t{kThreads} * kHits * 2 : 0u);
}

// An item beside one that fires may be the one that never does.
TEST_F(InjectorTest, CountsWhatBecameOfEachItem) {
  Make("engine.op.body@op:a=nth(2)delay(1);engine.op.body=nth(9)delay(1)->nth(3)delay(1)");
  for (const char* op : {"a", "b", "a"}) Hit("engine.op.body", op);
  const std::vector<ItemCount> items = injector_->items();
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].text, "engine.op.body@op:a=nth(2)delay(1)");
  EXPECT_EQ(items[0].hits, 2u);
  EXPECT_EQ(items[1].hits, 3u);
  // The first item that fires decides.
  EXPECT_EQ(items[0].fired, 1u);
  EXPECT_EQ(items[1].fired, 0u);
}

TEST_F(InjectorTest, SaysWhichOpsThereAre) {
  const char* const plan = "engine.op.body@op:head_clz=nth(1)delay(1)";
  Make(plan);
  Hit("engine.op.complete", "head_clz");  // at another site
  EXPECT_EQ(injector_->items()[0].note, "");
  Hit("engine.op.body", "head_cls");
  EXPECT_EQ(injector_->items()[0].note,
            "no op at site 'engine.op.body' is called 'head_clz', did you mean 'head_cls'?");
  // Ops that were seen in the set-up are refused at once.
  EXPECT_EQ(injector_->Arm().message(), "fault plan: " + injector_->items()[0].note);
  Hit("engine.op.body", "head_clz");
  EXPECT_EQ(injector_->items()[0].note, "");
}

}  // namespace
}  // namespace tenter
