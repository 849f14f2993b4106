// What the reader of a program refuses.
#include <gtest/gtest.h>

#include "fuzz/program/parse.h"

namespace tenter::fuzz {
namespace {

TEST(Program, BadTextIsRefusedWithItsLine) {
  for (const char* text :
       {"", "motor", "engine workers two", "engine\nt0: pull op1", "engine\nt0: push op1 completes",
        "engine\nt0: push op1 reads(a", "engine\nop1: wait a", "engine\nt0: push op1\nt0: push op1",
        "engine vars 99", "engine\nt0: replay 1", "engine\nt0: push op1 program 1\nt1: replay 1",
        "engine\nt0: fork\nt0: push op1 completes now", "engine\nt0: push op1\nop1: fork"})
    EXPECT_FALSE(ParseProgram(text).ok()) << text;
  EXPECT_NE(ParseProgram("engine\nt0: push op1 throw int\n").status().message().find("line 2"),
            std::string::npos);
}

}  // namespace
}  // namespace tenter::fuzz
