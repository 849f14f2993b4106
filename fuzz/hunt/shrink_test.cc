// A program that shrinks.
#include "fuzz/hunt/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "fuzz/judge/properties.h"
#include "fuzz/program/generate.h"
#include "fuzz/program/to_text.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

TEST(Shrink, FindsTheTwoStatementsThatMatter) {
  Program program;
  const auto matters = [](const Statement& s) { return s.verb == Verb::kPush && !s.reads.empty(); };
  const auto fails = [&](const Program& p) {
    return std::count_if(p.statements.begin(), p.statements.end(), matters) >= 2;
  };
  for (uint64_t seed = 0; !fails(program) || program.statements.size() < 10; ++seed)
    program = GenerateProgram({FindProperty("ERR-3")->profile, {4}, 24}, seed);
  const Program small = Shrink(program, fails, NowNs() + 60 * kNsPerSecond);
  EXPECT_EQ(small.statements.size(), 2u) << ToText(small);
  EXPECT_EQ(small.workers, 0);
  EXPECT_EQ(small.noise, 0u);
}

// Of an op that uses many vars, those go that do not matter, and the rest gets short names.
TEST(Shrink, DropsTheVarsThatDoNotMatter) {
  Program program;
  program.vars = 80;
  program.apart = 7;
  Statement push;
  push.op = 1;
  for (int letter = 79; letter >= 0; letter -= 2) push.reads.push_back(letter);
  for (int letter = 0; letter < 80; letter += 3) push.writes.push_back(letter);
  program.statements = {push};
  const auto has = [](const std::vector<int>& letters, int wanted) {
    return std::count(letters.begin(), letters.end(), wanted) > 0;
  };
  int tries = 0;
  const auto fails = [&](const Program& p) {
    ++tries;
    if (p.statements.size() != 1) return false;
    const Statement& s = p.statements[0];
    return (has(s.reads, 77) && has(s.writes, 78)) || (has(s.reads, 0) && has(s.writes, 1));
  };
  const Program small = Shrink(program, fails, NowNs() + 60 * kNsPerSecond);
  EXPECT_EQ(small.statements[0].reads, std::vector<int>{0}) << ToText(small);
  EXPECT_EQ(small.statements[0].writes, std::vector<int>{1}) << ToText(small);
  EXPECT_EQ(small.vars, 2);
  EXPECT_EQ(small.apart, 1);
  EXPECT_LT(tries, 200);
}

}  // namespace
}  // namespace tenter::fuzz
