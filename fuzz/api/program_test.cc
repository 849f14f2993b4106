// Programs of `fuzz api`: as text and back, and what is refused with which words.
#include "fuzz/api/program.h"

#include <gtest/gtest.h>

#include "fuzz/api/draw.h"

namespace tenter::fuzz::api {
namespace {

TEST(ApiPrograms, AreTextAndBack) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const Program program = DrawProgram("ENG-8", 24, seed);
    const auto again = ParseProgram(ToText(program));
    ASSERT_TRUE(again.ok()) << "seed " << seed << ": " << again.status().message();
    ASSERT_EQ(*again, program) << "seed " << seed << "\n" << ToText(program);
  }
}

TEST(ApiPrograms, NothingComesBehindTheEnd) {
  EXPECT_TRUE(ParseProgram("t0: engine -> h1\nend waits\n").ok());
  for (const char* const behind : {"t0: wait h1\n", "end waits\n"})
    EXPECT_FALSE(ParseProgram(std::string("t0: engine -> h1\nend waits\n") + behind).ok())
        << behind;
  EXPECT_FALSE(ParseProgram("end waits\n").ok());
}

TEST(ApiPrograms, WhatIsNoneIsRefusedWithItsLine) {
  for (const char* const line :
       {"t3: engine -> h2\n", "t0: engine\n", "t0: engine -> h0\n", "t0: engine -> h16\n",
        "t0: wait\n", "t0: wait h1 size short\n", "t0: wait h1 ends drop\n",
        "t0: push h1 size more behind 4 at 4\n", "t0: push h1 size tail at 1\n",
        "t0: push h1 ends drop code 3\n", "t0: delete_var h1 ends drop\n", "t0: wait h1 room 08\n",
        "t0: push h1 ends fail code 07\n", "t0: fly h1\n", "t0: engine -> h1\n", "end\n",
        "end waits \n", "\n"}) {
    const auto program = ParseProgram(std::string("t0: engine -> h1\n") + line);
    ASSERT_FALSE(program.ok()) << line;
    EXPECT_NE(program.status().message().find("line 2 "), std::string::npos) << line;
  }
}

std::string Refused(const std::string& line) {
  const auto program = ParseProgram("t0: engine -> h1\n" + line + "\n");
  return program.ok() ? "" : program.status().message();
}

TEST(ApiPrograms, AWrongLineSaysAtWhichWord) {
  EXPECT_EQ(
      Refused("t0: wait h1 rest"),
      "line 2 is none of a program, at 'rest': here may stand one of other noerror room meet");
  EXPECT_EQ(Refused("t0: wiat h1"),
            "line 2 is none of a program, at 'wiat': no call; did you mean wait");
  EXPECT_NE(Refused("t0: fly h1").find("at 'fly': no call; there are engine naive_engine"),
            std::string::npos);
  EXPECT_EQ(Refused("t0: push"), "line 2 is none of a program, at its end: a handle is h0 to h15");
  EXPECT_EQ(Refused("t0: scope h1 > h2"),
            "line 2 is none of a program, at '>': here stands '->' and the handle that it makes");
  EXPECT_EQ(
      Refused("t0: push h1 ends ok"),
      "line 2 is none of a program, at 'ok': 'ends' is one of fail done completion_fails drop "
      "awaits woken");
  EXPECT_EQ(Refused("t0: wait h1 room 8"),
            "line 2 is none of a program, at '8': 'room' is a number from 0 to 8 other than 8");
  EXPECT_EQ(Refused("t0: wait h1 room"), "line 2 is none of a program, at 'room': it has no value");
}

TEST(ApiPrograms, WhatIsUsedIsMadeByALine) {
  EXPECT_EQ(Refused("t0: wait h9"),
            "line 2 is none of a program: h9 is made by no line; h0 is NULL");
  EXPECT_EQ(Refused("t0: wait h0"), "");
  EXPECT_TRUE(ParseProgram("t1: wait h1\nt0: engine -> h1\n").ok()) << "by another thread";
  const auto mended = MendProgram("t0: wait h9\nt0: engine -> h1\n");
  ASSERT_TRUE(mended.ok());
  EXPECT_EQ(ToText(*mended), "t0: wait h0\nt0: engine -> h1\n");
}

}  // namespace
}  // namespace tenter::fuzz::api
