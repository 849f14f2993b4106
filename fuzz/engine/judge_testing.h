// A program that runs on a correct engine, and lies about what it saw: Judge must find each.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "fuzz/engine/judge/judge.h"
#include "fuzz/engine/program/parse.h"
#include "fuzz/engine/run/execute.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {

inline Program Parse(const std::string& text) { return ParseProgram(text).value(); }

inline History RunOnce(const Program& program) {
  Completers completers;
  Racers racers;
  Watchdog watchdog(60 * kNsPerSecond, [](const std::string& engine) {
    ADD_FAILURE() << engine;
    std::abort();
  });
  return Execute(program, {&completers, &racers, &watchdog}, 0);
}

// What is falsified, and what must come of it.
struct Lie {
  const char* contract;
  const char* kind;
  std::function<void(History&)> falsify;
};

inline void ExpectFound(const std::string& text, const std::vector<Lie>& lies) {
  const Program program = Parse(text);
  const History truth = RunOnce(program);
  for (const Finding& finding : Judge(program, truth))
    FAIL() << finding.contract << " " << finding.kind << ": " << finding.detail;
  for (const Lie& lie : lies) {
    History history = truth;
    lie.falsify(history);
    bool found = false;
    std::string all;
    for (const Finding& finding : Judge(program, history)) {
      found |= finding.contract == lie.contract && finding.kind == lie.kind;
      all += "\n  " + finding.contract + " " + finding.kind;
    }
    EXPECT_TRUE(found) << lie.contract << " " << lie.kind << ", found only:" << all;
  }
}

}  // namespace tenter::fuzz
