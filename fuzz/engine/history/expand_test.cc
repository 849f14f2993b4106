#include "fuzz/engine/history/expand.h"

#include <gtest/gtest.h>

#include "fuzz/engine/program/parse.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

// A backlog is one line; its ops have names of their own.
TEST(Expand, APushStandsForOpsThatAreAlike) {
  const std::string text =
      "engine workers 1 policy skip vars 1 noise 0\n"
      "t0: push op1\n"
      "t0: push op2 reads(a) priority 3 times 3\n";
  const Result<Program> program = ParseProgram(text);
  ASSERT_TRUE(program.ok()) << program.status().message();
  EXPECT_EQ(ToText(*program), text);
  const Program expanded = Expand(*program);
  EXPECT_EQ(ToText(expanded),
            "engine workers 1 policy skip vars 1 noise 0\n"
            "t0: push op1\n"
            "t0: push op2 reads(a) priority 3\n"
            "t0: push op2.1 reads(a) priority 3\n"
            "t0: push op2.2 reads(a) priority 3\n");
  for (const Statement& s : expanded.statements) EXPECT_EQ(OpNumber(OpName(s.op)), s.op);
  for (const char* refused :
       {"engine\nt0: push op1 times 1\n", "engine\nt0: push op1 times -2\n",
        "engine\nt0: push op1 times 3001\n", "engine\nt0: push op65536\n",
        "engine\nt0: push op1 times 9 blocks\n", "engine\nt0: push op1 times 9 completes later\n",
        "engine\nt0: push op1 times 9\nop1: waitall\n",
        "engine workers 2\nt0: push op1 meets 2\nt0: push op2 times 9\n"})
    EXPECT_FALSE(ParseProgram(refused).ok()) << refused;
}

}  // namespace
}  // namespace tenter::fuzz
