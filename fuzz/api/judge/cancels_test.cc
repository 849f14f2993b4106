// Cancels and deadlines of scopes, held to what their ops saw: accepted when right, and each lie
// refused.
#include "fuzz/api/judge/cancels.h"

#include <gtest/gtest.h>

#include "fuzz/api/judge/told_testing.h"

namespace tenter::fuzz::api {
namespace {

constexpr const char* kScope = "t0: engine -> h1\nt0: scope h1 -> h2\n";
constexpr const char* kToldOfNone = "ERR-11 or ERR-12 a body was told of a cancel that was none";

Told WithScope(const std::string& text) { return Told(kScope + text); }

// An op that was told of `heard`, late.
Ran Heard(tenter_code heard) {
  return {.call = nullptr, .times = 1, .heard = heard, .heard_at = 100};
}

TEST(ApiCancels, AScopeHasOneDeadlineWhichIsPositive) {
  for (const char* const none : {"zero", "negative", "least"}) {
    const Told told = WithScope(std::string("t0: scope_timeout h2 after ") + none + "\n");
    EXPECT_EQ(told.Kind(), "ERR-11 the wrong code") << none;
    EXPECT_EQ(Told(told).With(2, TENTER_INVALID_ARGUMENT).Kind(), "") << none;
  }
  const Told twice = WithScope("t0: scope_timeout h2 after far\nt0: scope_timeout h2\n");
  EXPECT_EQ(twice.Kind(), "ERR-11 the wrong code");
  EXPECT_EQ(Told(twice).With(3, TENTER_INVALID_ARGUMENT).Kind(), "");
  EXPECT_EQ(Told(twice).Overlap(2).With(2, TENTER_INVALID_ARGUMENT).Kind(), "");
  EXPECT_EQ(Told(twice).Overlap(2).Kind(), "ERR-11 two deadlines of one scope");
  EXPECT_EQ(WithScope("t0: scope_timeout h2\n").With(2, TENTER_INVALID_ARGUMENT).Kind(),
            "ERR-11 the wrong code")
      << "the first";
}

TEST(ApiCancels, ABodyIsToldWhatEndedItsScope) {
  const std::string push = "t0: push_scoped h1 h2 ends awaits\n";
  const auto told = [&](const char* by, tenter_code heard) {
    return WithScope(push + by).Saw(2, Heard(heard)).Kind();
  };
  EXPECT_EQ(told("t0: scope_timeout h2\n", TENTER_DEADLINE_EXCEEDED), "");
  EXPECT_EQ(told("t0: scope_timeout h2\n", TENTER_STOPPED), kToldOfNone);
  EXPECT_EQ(told("t0: scope_timeout h2 after most\n", TENTER_DEADLINE_EXCEEDED), kToldOfNone);
  EXPECT_EQ(told("t0: scope_cancel h2\n", TENTER_STOPPED), "");
  EXPECT_EQ(told("t0: scope_cancel h2\n", TENTER_DEADLINE_EXCEEDED), kToldOfNone);
  EXPECT_EQ(told("t0: scope h1 -> h3\nt0: scope_cancel h3\n", TENTER_STOPPED), kToldOfNone);
  Ran early = Heard(TENTER_STOPPED);
  early.heard_at = 6;
  EXPECT_EQ(WithScope(push + "t0: scope_cancel h2\n").Saw(2, early).Kind(), kToldOfNone);
  const Ran unheard = {.call = nullptr, .times = 1, .unheard = true};
  EXPECT_EQ(WithScope(push + "t0: scope_timeout h2\n").Saw(2, unheard).Kind(),
            "ERR-11 or ERR-12 a body was told of no cancel");
}

TEST(ApiCancels, AStopWithCancelEndsWhatRunsAndKeepsTheRestFromIt) {
  const std::string push = "t0: push_scoped h1 h0 ends woken\n", stop = "t0: stop_cancel h1\n";
  const Ran none = {.call = nullptr, .times = 0};
  EXPECT_EQ(WithScope(push + stop).Saw(2, none).Kind(), "");
  EXPECT_EQ(WithScope(push + "t0: stop h1\n").Saw(2, none).Kind(),
            "ERR-11 cancelled without a cancel");
  EXPECT_EQ(WithScope(push + stop).Saw(2, Heard(TENTER_STOPPED)).Kind(), "");
  EXPECT_EQ(WithScope(push + "t0: stop h1\n").Saw(2, Heard(TENTER_STOPPED)).Kind(), kToldOfNone);
  EXPECT_EQ(WithScope(push + "t0: engine -> h3\nt0: stop_cancel h3\n").Saw(2, none).Kind(),
            "ERR-11 cancelled without a cancel");
  Ran odd = {.call = nullptr, .times = 1, .unheard = true};
  EXPECT_EQ(WithScope(push + stop).Saw(2, odd).Kind(),
            "ENG-9 or ERR-12 a body was told of no cancel");
  odd.wrong_wake = "was woken 2 times";
  EXPECT_EQ(WithScope(push + stop).Saw(2, odd).Kind(), "ERR-12 a callback of a body");
  EXPECT_EQ(WithScope(stop + push).Kind(), "ENG-9 the wrong code");
  EXPECT_EQ(WithScope("t0: push h1 ends fail\n" + stop + "t0: wait h1\n").Kind(), "");
  EXPECT_EQ(WithScope("t0: push h1 ends fail\nt0: wait h1\n" + stop).Kind(),
            "ERR-6 the wrong failures");
}

TEST(ApiCancels, WhatIsCancelledAndNothingElseDoesNotRun) {
  const Ran none = {.call = nullptr, .times = 0}, once = {.call = nullptr, .times = 1};
  const std::string push = "t0: push_scoped h1 h2\n", cancel = "t0: scope_cancel h2\n";
  EXPECT_EQ(WithScope(push).Saw(2, once).Kind(), "");
  EXPECT_EQ(WithScope(push).Saw(2, none).Kind(), "ERR-11 cancelled without a cancel");
  EXPECT_EQ(WithScope(push + "t0: scope_timeout h2 after far\n").Saw(2, none).Kind(),
            "ERR-11 cancelled without a cancel");
  EXPECT_EQ(WithScope(push + "t0: scope_timeout h2\n").Saw(2, none).Kind(), "");
  EXPECT_EQ(WithScope(push + cancel).Saw(2, none).Kind(), "");
  EXPECT_EQ(WithScope(cancel + push).Saw(3, none).Kind(), "");
  EXPECT_EQ(WithScope(cancel + push).Saw(3, once).Kind(),
            "ERR-11 an op of a scope that was cancelled ran");
  EXPECT_EQ(WithScope(cancel + push).Overlap(2).Saw(3, once).Kind(), "");
  Ran heard = Heard(TENTER_DEADLINE_EXCEEDED);
  heard.heard_at = 8;
  EXPECT_EQ(WithScope("t0: push_scoped h1 h2 ends awaits\nt0: scope_timeout h2\n" + push)
                .Saw(2, heard)
                .Saw(4, once)
                .Kind(),
            "ERR-11 an op of a scope that was cancelled ran");
}

}  // namespace
}  // namespace tenter::fuzz::api
