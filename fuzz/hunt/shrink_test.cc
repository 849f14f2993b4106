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

}  // namespace
}  // namespace tenter::fuzz
