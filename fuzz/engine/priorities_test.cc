// Orders of ready ops that are right although they look unfair.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "fuzz/engine/judge/judge.h"
#include "fuzz/engine/program/parse.h"
#include "fuzz/engine/run/execute.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

// The program runs on a correct engine, which is not blamed for it.
void ExpectNothing(const std::string& text) {
  const Program program = ParseProgram(text).value();
  Completers completers;
  Racers racers;
  Watchdog watchdog(60 * kNsPerSecond, [](const std::string& engine) {
    ADD_FAILURE() << engine;
    std::abort();
  });
  for (const Finding& finding :
       Judge(program, Execute(program, {&completers, &racers, &watchdog}, 0)))
    ADD_FAILURE() << finding.contract << " " << finding.kind << ": " << finding.detail;
}

// 63 plain ops and an urgent one may overtake the low one, and no turn of theirs makes it wait for
// as many again.
TEST(Priorities, ALowOpWaitsForNoSecondTurn) {
  std::string text = "engine workers 1 vars 1 gated\nt0: push op1 priority -9\n";
  for (int op = 2; op <= 66; ++op)
    text += "t0: push op" + std::to_string(op) +
            (op == 34   ? " priority 2"
             : op == 35 ? " writes(a) priority 1"
             : op == 32 ? " writes(a)"
                        : "") +
            "\n";
  ExpectNothing(text);
}

// The end of op3 makes three ops ready, in whatever order: op4 may be the youngest of them, and
// wait for the others.
TEST(Priorities, OfOpsThatBecomeReadyTogetherNoneIsTheOldest) {
  ExpectNothing(
      "engine workers 1 vars 3 gated\n"
      "t0: push op3 reads(a) writes(b c)\n"
      "t0: push op4 writes(c) priority 1\n"
      "t0: push op5 writes(a) priority 3 times 64\n"
      "t0: push op6 writes(b) priority 2\n");
}

}  // namespace
}  // namespace tenter::fuzz
