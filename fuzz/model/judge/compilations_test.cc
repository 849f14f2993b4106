// How often an op compiles, against histories worked out by hand.
#include "fuzz/model/judge/compilations.h"

#include <gtest/gtest.h>

#include <cstring>

namespace tenter::fuzz::model {
namespace {

struct Case {
  Program program;
  History history;
};

// One call after the other with these sizes, and nobody behind them.
Case Calls(int64_t plans, const std::vector<int64_t>& sizes, uint64_t compilations) {
  Case made{.program = {.plans = plans}, .history = {}};
  made.history.least_recent_plan_goes = true;
  made.program.graph.inputs = {{.name = "x0", .dims = {kAnySize}}};
  auto& answers = made.history.callers.emplace_back();
  for (const int64_t size : sizes) {
    made.program.calls.push_back({.size = size});
    const uint64_t stamp = 2 * answers.size() + 1;
    answers.push_back({.size = size, .begin = stamp, .end = stamp + 1});
  }
  made.history.rests.emplace_back().footprint.compilations = compilations;
  return made;
}

std::string Kind(const Case& made) {
  const auto broken = JudgeCompilations(made.program, made.history, 0);
  return broken.has_value() ? std::string(broken->contract) + " " + broken->kind : "";
}

void Fail(Answer* answer, tgt_code code, const std::string& message) {
  answer->code = code;
  std::strncpy(answer->error.message, message.c_str(), sizeof(answer->error.message) - 1);
}

TEST(ModelCompilations, WithoutThePromiseAnyPlanMayGo) {
  Case made = Calls(1, {1, 2, 1}, 2);
  EXPECT_EQ(Kind(made), "COP-3 compiled too seldom");
  made.history.least_recent_plan_goes = false;
  EXPECT_EQ(Kind(made), "");
  Case roomy = Calls(2, {1, 2, 1}, 3);
  roomy.history.least_recent_plan_goes = false;
  EXPECT_EQ(Kind(roomy), "COP-3 compiled too often") << "none has to go";
}

TEST(ModelCompilations, TheLeastRecentlyUsedPlanGoes) {
  EXPECT_EQ(Kind(Calls(2, {1, 2, 1, 3, 1}, 3)), "");
  EXPECT_EQ(Kind(Calls(2, {1, 2, 1, 3, 1}, 4)), "COP-3 compiled too often")
      << "the first that came in went";
  EXPECT_EQ(Kind(Calls(2, {1, 2, 1, 3, 2}, 4)), "");
  EXPECT_EQ(Kind(Calls(2, {1, 2, 1, 3, 2}, 3)), "COP-3 compiled too seldom")
      << "the first that came in went, and so did the bound";
  EXPECT_EQ(Kind(Calls(1, {1, 2, 1}, 2)), "COP-3 compiled too seldom") << "two are kept";
  EXPECT_EQ(Kind(Calls(3, {1, 2, 1}, 3)), "COP-3 compiled too often") << "one is kept";
  EXPECT_EQ(Kind(Calls(1, {1, 2, 1}, 0)), "") << "it does not count";
}

TEST(ModelCompilations, AWrongRequestMayCountAndKeepsNothing) {
  for (const uint64_t compilations : {1, 2, 3, 4}) {
    Case made = Calls(2, {1, 2, 1}, compilations);
    made.history.callers[0][1].verb = Verb::kBad;
    made.history.callers[0][1].code = TGT_INVALID_ARGUMENT;
    made.program.calls[1].verb = Verb::kBad;
    EXPECT_EQ(Kind(made), compilations <= 2 ? "" : "COP-3 compiled too often") << compilations;
  }
}

TEST(ModelCompilations, WhereCallsMeetEachAnsweredSignatureWasCompiled) {
  Case made = Calls(2, {1, 2, 3}, 2);
  made.history.callers[0][1].begin = 1;
  EXPECT_EQ(Kind(made), "COP-3 compiled too seldom");
  made.history.rests[0].footprint.compilations = 3;
  EXPECT_EQ(Kind(made), "");
}

TEST(ModelCompilations, EachFailureByItselfMayBeOfACompilation) {
  for (const uint64_t compilations : {3, 4}) {
    Case made = Calls(2, {1, 1, 1}, compilations);
    for (size_t i : {0, 2})
      Fail(&made.history.callers[0][i], TGT_OUT_OF_RANGE, "index 9 of an axis of 4");
    EXPECT_EQ(Kind(made), compilations == 3 ? "" : "COP-3 compiled too often");
  }
}

TEST(ModelCompilations, AModelWithoutOpenSizesHasOneSignature) {
  Case made = Calls(1, {1, 2, 1}, 1);
  made.program.graph.inputs[0].dims = {3};
  EXPECT_EQ(Kind(made), "");
}

TEST(ModelCompilations, AFailedOneCountsAndIsNotKept) {
  Case made = Calls(2, {1, 1, 2}, 3);
  made.program.faults = {{.place = Place::kCompile}};
  made.history.strikes = {{.fault = 0}};
  Fail(&made.history.callers[0][0], TGT_DATA_LOSS, StrikeText(0));
  EXPECT_EQ(Kind(made), "");
  made.history.rests[0].footprint.compilations = 2;
  EXPECT_EQ(Kind(made), "COP-3 compiled too seldom");
  made.program.faults[0].place = Place::kNode;
  EXPECT_EQ(Kind(made), "") << "behind a node that failed the plan is there";
  made.program.faults = {{.place = Place::kCompile, .action = Action::kBadAlloc},
                         {.place = Place::kArena, .action = Action::kBadAlloc}};
  Fail(&made.history.callers[0][0], TGT_RESOURCE_EXHAUSTED, "no memory");
  EXPECT_EQ(Kind(made), "COP-3 compiled too seldom");
  made.history.strikes.push_back({.fault = 1});
  EXPECT_EQ(Kind(made), "") << "it may have been the arena";
}

TEST(ModelCompilations, ALookIsHeldToWhatWasCalledBeforeIt) {
  Case made = Calls(2, {1, 2, 3}, 3);
  Answer& look = made.history.callers[0][1];
  look.verb = Verb::kLook;
  look.footprint.compilations = 1;
  made.history.rests[0].footprint.compilations = 2;
  EXPECT_EQ(Kind(made), "");
  look.footprint.compilations = 2;
  EXPECT_EQ(Kind(made), "COP-3 compiled too often");
}

TEST(ModelCompilations, CallsThatMeetAreHeldToABound) {
  Case made = Calls(2, {1, 2, 1, 3, 1}, 4);
  made.history.callers[0][1].end = made.history.callers[0][2].begin + 1;
  EXPECT_EQ(Kind(made), "") << "plans go, and which ones is not known";
  made.program.plans = 3;
  EXPECT_EQ(Kind(made), "COP-3 compiled too often");
}

}  // namespace
}  // namespace tenter::fuzz::model
