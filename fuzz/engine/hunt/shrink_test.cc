// A program that shrinks.
#include "fuzz/engine/hunt/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "fuzz/engine/draw/generate.h"
#include "fuzz/engine/hunt/engine_subject.h"
#include "fuzz/engine/judge/properties.h"
#include "fuzz/engine/program/to_text.h"
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
  const Program small = Shrink(program, fails, fails, NowNs() + 60 * kNsPerSecond);
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
  const Program small = Shrink(program, fails, fails, NowNs() + 60 * kNsPerSecond);
  EXPECT_EQ(small.statements[0].reads, std::vector<int>{0}) << ToText(small);
  EXPECT_EQ(small.statements[0].writes, std::vector<int>{1}) << ToText(small);
  EXPECT_EQ(small.vars, 2);
  EXPECT_EQ(small.apart, 1);
  EXPECT_LT(tries, 200);
}

// A program of `pushes` pushes.
Program Pushes(int pushes) {
  Program program;
  for (int op = 1; op <= pushes; ++op) program.statements.emplace_back().op = op;
  return program;
}

// A race may show once in a program that is too small for it, and never again.
TEST(Shrink, HandsOutTheSmallestThatComesBack) {
  for (const size_t needed : {1, 2, 5, 15, 16}) {
    size_t size = 16;  // one statement less each time
    const auto fails = [&](const Program& p) {
      const bool next = p.statements.size() == size - 1;
      size -= next ? 1 : 0;
      return next;
    };
    const auto comes_back = [&](const Program& p) { return p.statements.size() >= needed; };
    const Program small = Shrink(Pushes(16), fails, comes_back, NowNs() + 60 * kNsPerSecond);
    EXPECT_EQ(size, 0u) << "it went all the way down";
    EXPECT_EQ(small.statements.size(), needed) << ToText(small);
  }
}

TEST(Shrink, WithoutOneThatComesBackIsTheFirst) {
  const auto always = [](const Program&) { return true; };
  const auto never = [](const Program&) { return false; };
  const Program program = Pushes(16);
  EXPECT_EQ(Shrink(program, always, never, NowNs() + 60 * kNsPerSecond), program);
  EXPECT_EQ(Shrink(program, never, always, NowNs() + 60 * kNsPerSecond), program);
  // Nor is one handed out when there is no time left.
  EXPECT_EQ(Shrink(program, always, never, 0), program);
}

// Whatever the frame runs has been through the text.
TEST(Shrink, VariantsOfAProgramAreProgramsToo) {
  const EngineSubject subject;
  for (uint64_t seed = 0; seed < 25; ++seed)
    for (const Property& property : subject.properties()) {
      const std::string program = subject.Draw(property, {}, seed);
      ASSERT_TRUE(subject.Check(program).ok()) << "seed " << seed << "\n" << program;
      for (const std::string& variant : subject.Variants(program))
        ASSERT_TRUE(subject.Check(variant).ok()) << "seed " << seed << "\n" << variant;
    }
}

}  // namespace
}  // namespace tenter::fuzz
