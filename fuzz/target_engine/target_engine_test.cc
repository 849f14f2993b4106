// Every comparison of what a target told is seen to fail once, under each rule: a program runs on a
// right target, its history is falsified in one place, and the contract must be named.
#include <gtest/gtest.h>

#include <functional>

#include "fuzz/engine/draw/generate.h"
#include "fuzz/engine/program/parse.h"
#include "fuzz/engine/program/to_text.h"
#include "fuzz/target_engine/judge/judge.h"
#include "fuzz/target_engine/program/properties.h"
#include "fuzz/target_engine/program/words.h"
#include "fuzz/target_engine/run/run.h"
#include "harness/target/target_library.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz::target_engine {
namespace {

Program Parse(const std::string& text) { return ParseProgram(text).value(); }

// A program that has run on a target.
struct Ran {
  Program program;
  TargetHistory history;
  Promises promises;

  std::string Kinds() const {
    std::string kinds;
    for (const Finding& finding : Judge(program, history, promises))
      kinds += "[" + finding.contract + " " + finding.kind + "]";
    return kinds;
  }
};

Ran RunOn(const std::string& library, const std::string& text) {
  const auto target = TargetLibrary::Load(library);
  EXPECT_TRUE(target.ok()) << target.status().message();
  const tgt_target& table = *target->table();
  Watchdog watchdog(60 * kNsPerSecond, [](const std::string& engine) {
    ADD_FAILURE() << engine;
    std::abort();
  });
  Ran ran{Parse(text), {}, {table.error_rule, table.total_push_order != 0}};
  EXPECT_EQ(CheckWords(ran.program).message(), "");
  ran.history = RunProgram(ran.program, table, 0, &watchdog);
  EXPECT_EQ(ran.Kinds(), "") << text;
  return ran;
}

std::string Plain(const char* name) {
  return std::string(TENTER_PLAIN_TARGETS) + "/libtenter_plain_target_" + name + ".so";
}

struct Lie {
  const char* finding;  // "" when it may be so
  std::function<void(TargetHistory&)> falsify;
};

void ExpectFound(const Ran& truth, const std::vector<Lie>& lies) {
  for (size_t i = 0; i < lies.size(); ++i) {
    Ran ran = truth;
    lies[i].falsify(ran.history);
    const std::string kinds = ran.Kinds();
    if (*lies[i].finding == '\0')
      EXPECT_EQ(kinds, "") << "lie " << i;
    else
      EXPECT_NE(kinds.find("[" + std::string(lies[i].finding) + "]"), std::string::npos)
          << "lie " << i << ": " << lies[i].finding << ", found only: " << kinds;
  }
}

// ---- words

TEST(TargetEngineWords, AreThoseOfEveryProgramThatIsDrawn) {
  for (const Property& property : Properties())
    for (uint64_t seed = 0; seed < 100; ++seed) {
      Program program = GenerateProgram({ProfileOf(property.contract), {0, 1, 4}, 24}, seed);
      Restrict(&program);
      const std::string text = ToText(program);
      EXPECT_EQ(CheckWords(program).message(), "") << property.contract << " seed " << seed;
      EXPECT_EQ(Parse(text), program) << text;
    }
}

TEST(TargetEngineWords, AreNamedWhereThereAreNone) {
  const auto refusal = [](const std::string& lines) {
    return CheckWords(Parse("engine workers 1 vars 1\n" + lines)).message();
  };
  const std::string none = "the interface of a target has no word for: ";
  EXPECT_EQ(refusal("t0: push op1 writes(a) completes now fails status\n"), "");
  EXPECT_EQ(refusal("t0: push op1\nt0: push op2 scope 1\n"), none + "t0: push op2 scope 1");
  EXPECT_EQ(refusal("t0: fork\n"), none + "t0: fork");
  EXPECT_EQ(refusal("t0: delete a deleter throws int\n"), none + "t0: delete a deleter throws int");
  EXPECT_EQ(CheckWords(Parse("engine workers 1 vars 1 gated\n")).message(),
            none + "engine workers 1 policy skip vars 1 noise 0 gated");
}

// ---- the judge, where every wait tells

TEST(TargetEngineJudge, SeesWhatIsToldWronglyOfFailures) {
  const Ran truth = RunOn(TENTER_REFERENCE_TARGET,
                          "engine workers 2 vars 3\n"
                          "t0: push op1 writes(a) throws runtime_error\n"  // 0
                          "t0: push op2 reads(a) writes(b)\n"              // 1
                          "t0: push op3 reads(c) writes(c)\n"              // 2
                          "t0: wait a\n"                                   // 3
                          "t0: wait c\n"                                   // 4
                          "t0: waitall\n");                                // 5
  ASSERT_EQ(truth.history.last_var_waits.size(), 2u);
  const Answer root = truth.history.var_waits[3].answer;
  const auto lie = [](const char* finding, auto change) {
    return Lie{finding, [change](TargetHistory& h) { change(h.var_waits[3].answer); }};
  };
  ExpectFound(
      truth,
      {
          lie("ERR-1 failure lost", [](Answer& a) { a = {}; }),
          lie("ERR-5 wrong error", [](Answer& a) { a.message = "planned failure"; }),
          lie("ERR-5 wrong error", [](Answer& a) { a.type = "PlannedStruct"; }),
          lie("ERR-7 wrong context", [](Answer& a) { a.op = "op"; }),
          lie("ERR-7 wrong context", [](Answer& a) { a.push_number = 77; }),
          lie("ERR-7 wrong context", [](Answer& a) { a.place.clear(); }),
          lie("ERR-7 wrong context", [](Answer& a) { a.place = "completion"; }),
          lie("", [](Answer& a) { a.place = "in the kernel", a.type.clear(); }),
          lie("ERR-3 wrong root", [](Answer& a) { a.op = "op2", a.push_number = 2; }),
          {"ERR-1 failure lost", [](TargetHistory& h) { h.last_var_waits[1][0].answer = {}; }},
          {"ERR-2 poison lost", [](TargetHistory& h) { h.last_var_waits[0][1].answer = {}; }},
          {"ERR-7 wrong chain",
           [](TargetHistory& h) { h.last_var_waits[0][1].answer.chain_length = 7; }},
          {"", [](TargetHistory& h) { h.last_var_waits[0][1].answer.chain_length = 0; }},
          {"ERR-2 poisoned without a failure",
           [&](TargetHistory& h) { h.last_var_waits[1][2].answer = root; }},
          {"ERR-2 poisoned without a failure",
           [&](TargetHistory& h) { h.var_waits[4].answer = root; }},
          {"ERR-6 never reported", [](TargetHistory& h) { h.all_waits[5].failures.clear(); }},
          {"ERR-6 reported twice",
           [&](TargetHistory& h) { h.last_all_waits.back().failures = {root}; }},
          {"ERR-6 reported too late",
           [](TargetHistory& h) {
             std::swap(h.all_waits[5].failures, h.last_all_waits[0].failures);
           }},
          {"ERR-6 reported without a failure",
           [](TargetHistory& h) {
             h.all_waits[5].failures.push_back(h.all_waits[5].failures[0]);
             h.all_waits[5].failures[1].op = "op3";
           }},
          {"ERR-6 report not in push order",
           [](TargetHistory& h) {
             h.all_waits[5].failures.push_back(h.all_waits[5].failures[0]);
             h.all_waits[5].failures[1].push_number = 0;
           }},
          {"ERR-7 wrong context",
           [](TargetHistory& h) { h.all_waits[5].failures[0].push_number = 9; }},
          {"ERR-5 wrong error", [](TargetHistory& h) { h.all_waits[5].failures[0].code = TGT_OK; }},
          {"ERR-6 a wait for all failed",
           [](TargetHistory& h) { h.all_waits[5].answer.code = TGT_INTERNAL; }},
          {"ERR-6 a wait for all failed",
           [](TargetHistory& h) { h.last_all_waits[0].answer.code = TGT_INTERNAL; }},
      });
}

// A lie about what the judge of fuzz/engine sees.
Lie OfCalls(const char* finding, const std::function<void(History&)>& change) {
  return {finding, [change](TargetHistory& h) { change(h.calls); }};
}

TEST(TargetEngineJudge, SeesBrokenRunsWaitsAndCounts) {
  const Ran truth = RunOn(TENTER_REFERENCE_TARGET,
                          "engine workers 2 vars 2\n"
                          "t0: push op1 writes(a)\n"              // 0
                          "t0: push op2 reads(a) writes(a)\n"     // 1
                          "t0: push op3 throws int\n"             // 2
                          "t0: wait a\n"                          // 3
                          "t0: push op4 reads(a)\n"               // 4
                          "op4: wait a\n"                         // 5
                          "op4: waitall\n"                        // 6
                          "t0: push op5 writes(b) drops later\n"  // 7
                          "t0: delete b\n"                        // 8
                          "t0: wait b\n"                          // 9
                          "t0: stop drain\n"                      // 10
                          "t0: push op6\n");                      // 11
  ExpectFound(
      truth,
      {
          OfCalls("ENG-1 wrong value read",
                  [](History& h) { h.statements[4].values_read[0] ^= 1; }),
          OfCalls("ENG-4 conflicting ops out of order",
                  [](History& h) { h.statements[1].body.begin = h.statements[0].body.begin; }),
          OfCalls("ENG-3 push numbers fall",
                  [](History& h) {
                    std::swap(h.statements[0].push_number, h.statements[1].push_number);
                  }),
          OfCalls("ENG-3 told another push number", [](History& h) { ++h.statements[0].number; }),
          OfCalls("ENG-5 ran twice", [](History& h) { h.statements[0].runs = 2; }),
          OfCalls("ENG-5 did not run", [](History& h) { h.statements[0].runs = 0; }),
          OfCalls("ENG-6 returned too early",
                  [](History& h) { h.statements[1].body.end = h.statements[3].span.end; }),
          OfCalls("ENG-9 accepted after a stop",
                  [](History& h) { h.statements[11].code = StatusCode::kOk; }),
          OfCalls("ENG-8 accepted a stale handle",
                  [](History& h) { h.statements[7].span = h.statements[9].span; }),
          OfCalls("ENG-9 alive after a stop",
                  [](History& h) { h.statements[10].live_after_stop = 1; }),
          OfCalls("ENG-5 wrong count: ran", [](History& h) { h.counts.ran += 1; }),
          OfCalls("ENG-5 wrong count: pushed", [](History& h) { h.counts.pushed -= 2; }),
          OfCalls("", [](History& h) { h.counts.pushed -= 1, h.counts.ran -= 1; }),  // the deletion
          OfCalls("ERR-1 failure lost", [](History& h) { h.counts.failed -= 1; }),
          OfCalls("ERR-1 wrong count: failed", [](History& h) { h.counts.failed += 1; }),
          OfCalls("ERR-3 wrong count: skipped", [](History& h) { h.counts.skipped += 1; }),
          OfCalls("ENG-9 wrong count: cancelled", [](History& h) { h.counts.cancelled += 1; }),
          OfCalls("ENG-5 wrong count: live ops", [](History& h) { h.counts.live_ops = 1; }),
          OfCalls("ENG-8 wrong count: live vars", [](History& h) { h.counts.live_vars += 1; }),
          OfCalls("ENG-5 exceptions outlive the engine", [](History& h) { h.exceptions_left = 1; }),
          OfCalls("ENG-8 no var", [](History& h) { h.construction = StatusCode::kInternal; }),
          {"ENG-6 value not there after a wait",
           [](TargetHistory& h) { h.var_waits[3].value ^= 1; }},
          {"ENG-1 wrong value at the end",
           [](TargetHistory& h) { h.last_var_waits[1][0].value ^= 1; }},
          {"ENG-7 wait inside an op",
           [](TargetHistory& h) { h.var_waits[5].answer.code = TGT_INTERNAL; }},
          {"ENG-7 wait inside an op",
           [](TargetHistory& h) { h.all_waits[6].answer.message = "no"; }},
          {"ENG-8 no stale handle", [](TargetHistory& h) { h.var_waits[9].answer = {}; }},
          {"ENG-8 no stale handle", [](TargetHistory& h) { h.last_var_waits[1][1].answer = {}; }},
          {"ENG-8 refused a live handle",
           [](TargetHistory& h) { h.var_waits[3].answer.code = TGT_STALE_HANDLE; }},
          {"ENG-8 refused a live handle",
           [](TargetHistory& h) { h.last_var_waits[0][0].answer.code = TGT_STALE_HANDLE; }},
          {"ENG-5 not released once", [](TargetHistory& h) { h.releases[0] = 2; }},
          {"ENG-5 not released once", [](TargetHistory& h) { h.releases[11] = 2; }},
          {"", [](TargetHistory& h) { h.releases[11] = 0; }},  // it was refused
          {"ENG-9 a stop failed", [](TargetHistory& h) { h.stopped.code = TGT_INTERNAL; }},
          {"ENG-9 a free failed", [](TargetHistory& h) { h.freed.code = TGT_INTERNAL; }},
          {"ERR-10 no engine", [](TargetHistory& h) { h.created.code = TGT_INTERNAL; }},
      });
}

// Every way to fail, with what is known of it at a wait.
TEST(TargetEngineJudge, KnowsCodesAndTextsOfFailures) {
  const Ran truth = RunOn(TENTER_REFERENCE_TARGET,
                          "engine workers 2 vars 4\n"
                          "t0: push op1 writes(a) throws status\n"
                          "t0: push op2 writes(b) throws status\n"  // says nothing
                          "t0: push op3 writes(c) completes later fails status\n"
                          "t0: push op4 writes(d) drops now\n");
  const auto lie = [](const char* finding, size_t var, auto change) {
    return Lie{finding, [=](TargetHistory& h) { change(h.last_var_waits[0][var].answer); }};
  };
  const auto code = [](Answer& a) { a.code = TGT_INTERNAL; };
  const auto text = [](Answer& a) { a.message.clear(); };
  ExpectFound(truth, {lie("ERR-5 wrong error", 0, code), lie("ERR-5 wrong error", 0, text),
                      lie("ERR-5 wrong error", 1, code), lie("", 1, text), lie("", 2, code),
                      lie("ERR-5 wrong error", 2, text), lie("ERR-5 wrong error", 3, code),
                      lie("", 3, text)});
}

TEST(TargetEngineJudge, KnowsThatOnlyAWriteHeals) {
  const Ran truth = RunOn(TENTER_REFERENCE_TARGET,
                          "engine workers 1 vars 1\n"
                          "t0: push op1 writes(a) throws struct\n"
                          "t0: wait a\n"
                          "t0: push op2 writes(a)\n");
  const Answer root = truth.history.var_waits[1].answer;
  ExpectFound(truth, {{"ERR-4 poisoned without a failure",
                       [&](TargetHistory& h) { h.last_var_waits[0][0].answer = root; }}});
}

// ---- the judge, where one wait tells, or none does

TEST(TargetEngineJudge, HoldsATargetToTellOnce) {
  const Ran truth = RunOn(Plain("once"),
                          "engine workers 2 vars 2\n"
                          "t0: push op1 writes(a) throws runtime_error\n"  // 0
                          "t0: push op2 writes(b) throws runtime_error\n"  // 1
                          "t0: wait a\n"                                   // 2
                          "t0: wait a\n");                                 // 3
  EXPECT_EQ(truth.history.var_waits[2].answer.op, "op1");
  EXPECT_EQ(truth.history.var_waits[3].answer.code, TGT_OK);
  const Answer first = truth.history.var_waits[2].answer;
  const Answer second = truth.history.last_var_waits[0][1].answer;
  EXPECT_EQ(second.op, "op2");
  ExpectFound(
      truth,
      {
          {"ERR-5 told again", [&](TargetHistory& h) { h.var_waits[3].answer = first; }},
          {"ERR-5 told again", [&](TargetHistory& h) { h.last_var_waits[1][0].answer = first; }},
          {"ERR-5 told again", [&](TargetHistory& h) { h.last_var_waits[1][1].answer = second; }},
          {"ERR-1 failure lost", [](TargetHistory& h) { h.var_waits[2].answer = {}; }},
          {"ERR-1 failure lost", [](TargetHistory& h) { h.last_var_waits[0][1].answer = {}; }},
          {"ERR-6 never reported", [](TargetHistory& h) { h.last_var_waits[0][1].answer = {}; }},
          {"ERR-5 wrong error", [](TargetHistory& h) { h.var_waits[2].answer.message = "no"; }},
          {"ERR-3 wrong root", [&](TargetHistory& h) { h.var_waits[2].answer = second; }},
          // What a wait for a var has told, one for all may tell, too; once.
          {"",
           [&](TargetHistory& h) {
             h.last_all_waits[0].failures = {first, second};
           }},
          {"ERR-6 reported twice",
           [&](TargetHistory& h) {
             h.last_all_waits[0].failures = {first, first};
           }},
      });
}

// What a wait for a var has told before, a wait for all may tell, or leave out, or a later one may
// tell.
TEST(TargetEngineJudge, MayTellOfAllLaterWhatOneVarHasTold) {
  const Ran truth = RunOn(Plain("once"),
                          "engine workers 2 vars 2\n"
                          "t0: push op1 writes(a) throws runtime_error\n"  // 0
                          "t0: push op2 writes(b) throws runtime_error\n"  // 1
                          "t0: wait a\n"                                   // 2
                          "t0: waitall\n");                                // 3
  const Answer of_a = truth.history.var_waits[2].answer;
  ExpectFound(truth, {{"", [&](TargetHistory& h) { h.last_all_waits[0].failures = {of_a}; }},
                      {"ERR-6 reported too late", [&](TargetHistory& h) {
                         std::swap(h.all_waits[3].failures, h.last_all_waits[0].failures);
                       }}});
}

// More failures reach b than an engine need keep: how many ops each has reached is not judged.
TEST(TargetEngineJudge, CountsNoChainsOfVeryManyFailures) {
  std::string text = "engine workers 2 vars 20\n", reads;
  for (int op = 1; op <= 17; ++op) {
    const std::string var = VarName(op + 1);
    text += "t0: push op" + std::to_string(op) + " writes(" + var + ") throws runtime_error\n";
    reads += (reads.empty() ? "" : " ") + var;
  }
  const Ran truth =
      RunOn(TENTER_REFERENCE_TARGET, text + "t0: push op18 reads(" + reads + ") writes(b)\n");
  ExpectFound(truth, {{"", [](TargetHistory& h) { ++h.last_var_waits[1][18].answer.chain_length; }},
                      {"ERR-1 failure lost",
                       [](TargetHistory& h) { h.last_var_waits[1][18].answer = {}; }}});
}

// A target that runs no op inside its push is not judged where that is asked for.
TEST(TargetEngineJudge, TakesARefusalOfNoWorkers) {
  Ran ran = RunOn(TENTER_REFERENCE_TARGET, "engine workers 0 vars 1\nt0: push op1 writes(a)\n");
  ran.history.created.code = TGT_UNSUPPORTED;
  EXPECT_EQ(ran.Kinds(), "");
  ran.history.created.code = TGT_INTERNAL;
  EXPECT_EQ(ran.Kinds(), "[ERR-10 no engine]");
}

// Whether a failure is forgotten on one var or on all that it reached is the target's.
TEST(TargetEngineJudge, ForgetsOnOneVarOrOnAll) {
  const Ran truth = RunOn(Plain("once_unordered"),
                          "engine workers 2 vars 2\n"
                          "t0: push op1 writes(a) throws runtime_error\n"
                          "t0: push op2 reads(a) writes(b)\n");
  const auto lie = [](const char* finding, size_t round, size_t var, size_t as_round,
                      size_t as_var) {
    return Lie{finding, [=](TargetHistory& h) {
                 h.last_var_waits[round][var].answer = h.last_var_waits[as_round][as_var].answer;
               }};
  };
  EXPECT_EQ(truth.history.last_var_waits[0][0].answer.op, "op1");
  EXPECT_EQ(truth.history.last_var_waits[0][1].answer.code, TGT_OK);
  ExpectFound(truth, {lie("", 0, 1, 0, 0), lie("", 1, 1, 0, 0), lie("ERR-5 told again", 1, 0, 0, 0),
                      lie("ERR-1 failure lost", 0, 0, 1, 0)});
}

TEST(TargetEngineJudge, HoldsATargetToTellNothing) {
  const Ran truth = RunOn(Plain("not_at_all"),
                          "engine workers 2 vars 1\n"
                          "t0: push op1 writes(a) throws status\n"  // 0
                          "t0: wait a\n"                            // 1
                          "t0: push op2 reads(a)\n"                 // 2
                          "t0: waitall\n");                         // 3
  const Answer root{.code = TGT_DATA_LOSS,
                    .push_number = 1,
                    .op = "op1",
                    .place = "run",
                    .type = {},
                    .message = "planned status 1"};
  ExpectFound(
      truth,
      {
          {"ERR-5 a wait failed", [&](TargetHistory& h) { h.var_waits[1].answer = root; }},
          {"ERR-5 a wait failed", [&](TargetHistory& h) { h.last_var_waits[1][0].answer = root; }},
          {"", [&](TargetHistory& h) { h.all_waits[3].failures = {root}; }},
          {"", [&](TargetHistory& h) { h.last_all_waits[0].failures = {root}; }},  // or later
          {"ERR-6 reported twice",
           [&](TargetHistory& h) {
             h.all_waits[3].failures = {root, root};
           }},
          {"ERR-6 reported without a failure",
           [&](TargetHistory& h) {
             h.all_waits[3].failures = {root};
             h.all_waits[3].failures[0].op = "op2";
           }},
          {"ERR-3 ran on a poisoned input",
           [](TargetHistory& h) { h.calls.statements[2].runs = 1; }},
      });
}

// ---- the order of pushes, where push numbers are none

TEST(TargetEngineJudge, FindsTheOrderOfPushesInWhatRan) {
  const Ran truth = RunOn(Plain("every_wait"),
                          "engine workers 2 vars 3\n"
                          "t0: push op1 writes(a) throws int\n"    // 0
                          "t0: push op2 writes(b) throws int\n"    // 1
                          "t0: push op3 reads(a b) writes(c)\n");  // 2
  const Answer first = truth.history.last_var_waits[0][2].answer;
  const Answer second = truth.history.last_var_waits[0][1].answer;
  EXPECT_EQ(first.op, "op1");
  EXPECT_EQ(second.op, "op2");
  const auto at_once = [](TargetHistory& h) {
    h.calls.statements[1].span = h.calls.statements[0].span;
  };
  ExpectFound(
      truth,
      {
          {"ERR-3 wrong root", [&](TargetHistory& h) { h.last_var_waits[0][2].answer = second; }},
          {"", at_once},
          {"",
           [&](TargetHistory& h) {
             at_once(h);
             h.last_var_waits[0][2].answer = second;
           }},
          {"ERR-3 ran on a poisoned input",
           [](TargetHistory& h) { h.calls.statements[2].runs = 1; }},
          // Pushed while a write of its input was: nobody knows what it read, since it did
          // not run.
          {"",
           [](TargetHistory& h) {
             h.calls.statements[2].span = h.calls.statements[0].span = h.calls.statements[1].span;
             h.last_var_waits[0][2].answer = {};
           }},
      });
}

TEST(TargetEngineJudge, SeesOverlapsWithoutPushNumbers) {
  const Ran truth = RunOn(Plain("every_wait"),
                          "engine workers 2 vars 1\n"
                          "t0: push op1 writes(a)\n"   // 0
                          "t0: push op2 reads(a)\n");  // 1
  const auto at_once = [](TargetHistory& h) {
    h.calls.statements[1].span = h.calls.statements[0].span;
  };
  ExpectFound(truth, {
                         {"ENG-3 conflicting ops out of order",
                          [](TargetHistory& h) {
                            h.calls.statements[1].body.begin = h.calls.statements[0].body.begin;
                          }},
                         {"ENG-3 conflicting ops out of order",
                          [](TargetHistory& h) {
                            std::swap(h.calls.statements[0].body, h.calls.statements[1].body);
                          }},
                         {"", at_once},
                         // The read may have come first, and then it read what was there before.
                         {"ENG-1 wrong value read",
                          [&](TargetHistory& h) {
                            at_once(h);
                            std::swap(h.calls.statements[0].body, h.calls.statements[1].body);
                          }},
                         {"",
                          [&](TargetHistory& h) {
                            at_once(h);
                            std::swap(h.calls.statements[0].body, h.calls.statements[1].body);
                            h.calls.statements[1].values_read[0] = 1000;
                          }},
                     });
}

}  // namespace
}  // namespace tenter::fuzz::target_engine
