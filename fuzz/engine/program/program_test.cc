// What the reader of a program takes, and what it refuses.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "fuzz/engine/program/parse.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

TEST(Program, BadTextIsRefusedWithItsLine) {
  for (const char* text : {"",
                           "motor",
                           "engine workers two",
                           "engine\nt0: pull op1",
                           "engine\nt0: push op1 completes",
                           "engine\nt0: push op1 reads(a",
                           "engine\nop1: wait a",
                           "engine\nt0: push op1\nt0: push op1",
                           "engine vars 105",
                           "engine vars 2 apart 0",
                           "engine\nt0: wait a4",
                           "engine\nt0: wait a0",
                           "engine\nt0: replay 1",
                           "engine\nt0: push op1 program 1\nt1: replay 1",
                           "engine\nt0: push op1 scope 1 program 1\nt0: replay 1",
                           "engine\nt0: expired 1",
                           "engine\nt0: timeout 1\nt1: expired 1",
                           "engine\nt0: timeout 1 far\nt0: expired 1",
                           "engine\nt0: timeout 1\nt0: timeout 1",
                           "engine\nt0: push op1\nop1: timeout 1",
                           "engine\nt0: timeout 0",
                           "engine\nt0: fork\nt0: push op1 completes now",
                           "engine\nt0: push op1\nop1: fork",
                           "engine\nt0: rounds 0",
                           "engine\nt0: push op1\nop1: rounds 2",
                           "engine\nt0: rounds 2\nt0: push op1 throws int",
                           "engine\nt0: rounds 2\nt0: delete a",
                           "engine crowd 17",
                           "engine crowd 1\nt0: delete a",
                           "engine crowd 1\nt0: stop cancel",
                           "engine crowd 1 parity",
                           "engine crowd 1 gated"})
    EXPECT_FALSE(ParseProgram(text).ok()) << text;
  EXPECT_NE(ParseProgram("engine\nt0: push op1 throw int\n").status().message().find("line 2"),
            std::string::npos);
}

TEST(Program, ACrowdIsSaidInItsHead) {
  const std::string text = "engine workers 2 policy skip vars 1 noise 7 crowd 2\nt0: fork\n";
  const Result<Program> program = ParseProgram(text);
  ASSERT_TRUE(program.ok()) << program.status().ToString();
  EXPECT_EQ(program->crowd, 2);
  EXPECT_EQ(ToText(*program), text);
}

// A file that was written down once can be replayed for ever: every word keeps its meaning.
TEST(Program, WhatWasWrittenBeforeIsRead) {
  const std::string text =
      "engine workers 2 policy run vars 3 noise 7 idle\n"
      "t0: push op1 reads(a) writes(b c) priority 3 throws runtime_error\n"
      "t0: push op2 completes later fails int far_deadline\n"
      "t0: push op3 writes(a) completes now then_throws struct scope 2\n"
      "op3: waitall\n"
      "t0: push op4 writes(a) races fails status\n"
      "t0: push op5 race_drops then_throws bad_alloc out_of_memory\n"
      "t0: push op6 drops later\n"
      "t0: push op7 drops now\n"
      "t1: push op8 writes(c) program 1\n"
      "t1: replay 1\n"
      "t1: push op9 scope 1 blocks\n"
      "t1: cancel 1\n"
      "t1: delete a deleter throws int\n"
      "t0: wait b\n"
      "t0: await 2\n"
      "t0: stop drain\n";
  EXPECT_TRUE(ParseProgram("engine\nt0: rounds 9\nt1: push op1\n").ok());
  const Result<Program> program = ParseProgram(text);
  ASSERT_TRUE(program.ok()) << program.status().message();
  EXPECT_EQ(ToText(*program), text);
  EXPECT_EQ(program->statements[9].program, 1);
  EXPECT_EQ(program->statements[9].scope, 0);
  EXPECT_TRUE(program->statements[10].blocks);
}

TEST(Program, LettersGoOnBehindZ) {
  const std::string text =
      "engine workers 2 policy skip vars 104 noise 0 apart 9\n"
      "t0: push op1 reads(a z a1) writes(z3 b1 b)\n"
      "t0: wait z3\n";
  const Result<Program> program = ParseProgram(text);
  ASSERT_TRUE(program.ok()) << program.status().message();
  EXPECT_EQ(ToText(*program), text);
  EXPECT_EQ(program->apart, 9);
  EXPECT_EQ(program->statements[0].reads, (std::vector<int>{0, 25, 26}));
  EXPECT_EQ(program->statements[1].var, kMostVars - 1);
}

// An op may block when something surely cancels its scope: a deadline that its pusher has set,
// whatever the pusher waits for, or its own body.
TEST(Program, ABodyMayBlockWhenSomethingWakesIt) {
  for (const char* text :
       {"engine vars 1\nt0: timeout 1\nt0: push op1 scope 1 blocks\nt0: wait a\n",
        "engine\nt0: push op1 scope 1 blocks\nt0: timeout 1\nt0: waitall\n",
        "engine\nt0: push op1 scope 1 blocks\nop1: cancel 1\nt0: waitall\n",
        "engine\nt0: push op1 blocks\nt0: stop cancel\n",
        "engine\nt0: push op1 short_deadline blocks\nt0: waitall\n",
        "engine\nt0: push op1 scope 1 blocks\nop1: stop cancel\nt0: waitall\n"})
    EXPECT_TRUE(ParseProgram(text).ok()) << text;
  for (const char* text : {"engine\nt0: timeout 1 far\nt0: push op1 scope 1 blocks\n",
                           "engine\nt0: timeout 1\nt0: push op1 scope 2 blocks\n",
                           "engine\nt1: timeout 1\nt0: push op1 scope 1 blocks\nt0: waitall\n",
                           "engine\nt0: push op1 blocks\nt0: cancel 1\n",
                           "engine\nt0: push op1 blocks\nt0: stop drain\nt0: stop cancel\n",
                           "engine\nt0: push op1 scope 1 blocks\nt0: waitall\nt0: timeout 1\n"})
    EXPECT_FALSE(ParseProgram(text).ok()) << text;
}

TEST(Program, WhatIsWrongIsToldWithItsLine) {
  for (const auto& [text, told] : std::vector<std::pair<std::string, std::string>>{
           {"engine vars 2\nt0: delete z\n",
            "line 2: nobody makes the var z: there are 2 at the start, from a on"},
           {"engine vars 1\n\nt0: push op1 writes(b)\n", "line 3: nobody makes the var b"},
           {"engine\nt0: push op1\nt0: push op1\n", "line 3 breaks a rule"},
           {"engine\nt0: replay 1\n", "line 2 breaks a rule"},
           {"engine\nt0: push op1 blocks\nt0: waitall\n",
            "with the others it could only be 't0: push op1'"},
           {"engine vars 1 crowd 1\nt0: delete a\n", "the first line, with these"},
           {"engine workers 65\n", "workers has a number from 0 to 64, and not 65"},
           {"engine\nt0: push op1 times 4000\n", "line 2: 'times' makes 3000 ops at most"}}) {
    const auto program = ParseProgram(text);
    ASSERT_FALSE(program.ok()) << text;
    EXPECT_NE(program.status().message().find(told), std::string::npos)
        << text << program.status().message();
  }
  EXPECT_TRUE(ParseProgram("engine vars 1\nt0: new b\nt0: delete b\n").ok());
}

// An op may wait for the body of another one when every engine surely begins that meanwhile.
TEST(Program, AnOpMeetsOneThatCanBeginMeanwhile) {
  const std::string two = "engine workers 2 vars 3\n", three = "engine workers 3 vars 3\n";
  for (const std::string& text :
       {two + "t0: push op1 writes(a) meets 2\nt0: push op2 writes(b)\n",
        two + "t0: push op1 writes(a)\nt0: waitall\nt0: push op2 writes(b) meets 1\n",
        two + "t0: push op1 writes(a)\nt0: push op2 reads(a) meets 1\n",
        two + "t0: push op1 reads(a) meets 2\nt1: push op2 reads(a)\nt1: waitall\n",
        two + "t0: push op1 completes later meets 2\nt0: push op2 throws int out_of_memory\n",
        three + "t0: push op1 meets 3\nt0: push op2 meets 3\nt0: push op3\n"})
    EXPECT_TRUE(ParseProgram(text).ok()) << text;
  for (const std::string& text :
       {// There is no second worker, not surely, or not for each of them.
        std::string("engine workers 1\nt0: push op1 meets 2\nt0: push op2\n"),
        std::string("engine workers 2 noise 1 idle\nt0: push op1 meets 2\nt0: push op2\n"),
        two + "t0: push op1 meets 3\nt0: push op2 meets 3\nt0: push op3\n",
        // The other op may have to wait for this one, perhaps by way of a third.
        two + "t0: push op1 writes(a) meets 2\nt0: push op2 reads(a)\n",
        two + "t0: push op1 reads(a) meets 2\nt1: push op2 writes(a)\n",
        two + "t0: push op1 writes(a) meets 3\nt0: push op2 reads(a) writes(b)\n"
              "t0: push op3 writes(b)\n",
        two + "t0: push op1 reads(a) meets 2\nt1: delete a\nt1: push op2 reads(a)\n",
        three + "t0: push op1 meets 2\nt0: push op2 meets 1\n",
        three + "t0: push op1 writes(a) meets 4\nt0: push op2 writes(b) meets 3\n"
                "t0: push op3 reads(a)\nt0: push op4 reads(b)\n",
        // It may not be pushed before this one has ended.
        two + "t0: push op1 meets 2\nt0: waitall\nt0: push op2\n",
        two + "t0: push op1 meets 2\nt1: wait a\nt1: push op2\n",
        two + "t0: push op1 meets 3\nt0: push op2\nop2: push op3\n",
        // Its body may stay although it does not run, or there is none.
        two + "t0: push op1 meets 2\nt0: push op2 completes now\n", two + "t0: push op1 meets 2\n",
        // These wait for more than their vars.
        two + "t0: push op1 meets 2 bulk 2\nt0: push op2 bulk 2\n",
        two + "t0: push op1 meets 2\nt0: push op2\nt0: fork\n"})
    EXPECT_FALSE(ParseProgram(text).ok()) << text;
}

}  // namespace
}  // namespace tenter::fuzz
