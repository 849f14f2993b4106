// A program of lines that shrinks.
#include "fuzz/frame/line_shrink.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "fuzz/frame/word_reader.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

bool Has(const std::string& program, const std::string& word) {
  return program.find(word) != std::string::npos;
}

// Digits count down; "need" must follow "make", else the program is mended by dropping it.
LineShrinking How(Fails fails) {
  return {.mend = [](const std::string& program) -> std::optional<std::string> {
            Lines kept;
            bool made = false;
            for (const std::string& line : SplitLines(program)) {
              made |= line == "make";
              if (line != "need" || made) kept.push_back(line);
            }
            if (kept.empty()) return std::nullopt;
            return JoinLines(kept);
          },
          .simpler = [](const Lines& lines, size_t i) -> Lines {
            if (lines[i].empty() || lines[i][0] <= '0' || lines[i][0] > '9') return {};
            return {"0", std::string(1, static_cast<char>(lines[i][0] - 1))};
          },
          .fails = std::move(fails),
          .comes_back = [](const std::string&) { return true; },
          .deadline_ns = NowNs() + 60 * kNsPerSecond};
}

TEST(LineShrink, KeepsWhatMattersAndWhatThatNeeds) {
  const auto fails = [](const std::string& p) { return Has(p, "need") && Has(p, "a"); };
  EXPECT_EQ(ShrinkLines("x\ny\nmake\nz\nneed\nneed\nw\n7\n", How(fails)), "make\nneed\n");
}

TEST(LineShrink, MakesLinesSimpler) {
  const auto fails = [](const std::string& p) { return p[0] >= '4' && p[0] <= '9'; };
  EXPECT_EQ(ShrinkLines("9\nx\n", How(fails)), "4\n");
}

TEST(LineShrink, RemovesWhatCanGoInPairsOnly) {
  const auto fails = [](const std::string& p) { return Has(p, "k") && Has(p, "a") == Has(p, "b"); };
  EXPECT_EQ(ShrinkLines("a\nk\nb\n", How(fails)), "k\n");
}

TEST(LineShrink, HandsOutTheSmallestThatComesBack) {
  for (const size_t needed : {0, 1, 2, 5, 14, 15})
    EXPECT_EQ(SmallestThatComesBack(16, [&](size_t i) { return i <= needed; }), needed);
}

TEST(Lines, CommentsOfAFileAreForPeople) {
  const std::string file = "# found with --mutant x\na\n#\nb # c\n";
  EXPECT_EQ(WithoutComments(file), "a\nb # c\n");
  EXPECT_EQ(WithLinesOf(file, "line 1 is wrong: 1"), "line 2 is wrong: 1");
  EXPECT_EQ(WithLinesOf(file, "line 2"), "line 4");
  EXPECT_EQ(WithLinesOf(file, "the program is empty"), "the program is empty");
}

TEST(Lines, BlankLinesOfAFileAreForPeople) {
  const std::string file = "a\n\n \t\r\nb\n";
  EXPECT_EQ(WithoutComments(file), "a\nb\n");
  EXPECT_EQ(WithLinesOf(file, "line 2 is wrong"), "line 4 is wrong");
}

TEST(WordReader, SaysWhichWordDoesNotFit) {
  constexpr std::array<std::string_view, 2> kNames = {"left", "right"};
  const auto wrong = [&](const std::string& line) {
    WordReader words(line);
    int side = 0, number = 0;
    words.Is("go"), words.One(kNames, &side), words.Number_(1, 9, &number);
    return words.ok() && !words.more() ? "" : words.Wrong();
  };
  EXPECT_EQ(wrong("go left 3"), "");
  EXPECT_EQ(wrong("come left 3"), "at 'come', expected 'go'");
  EXPECT_EQ(wrong("go up 3"), "at 'up', expected one of left, right");
  EXPECT_EQ(wrong("go left 10 4"), "at '10', expected a number from 1 to 9");
  EXPECT_EQ(wrong("go left"), "at its end, expected a number from 1 to 9");
  EXPECT_EQ(wrong("go left 3 more"), "at 'more', expected the end of the line");
}

TEST(LineShrink, WithoutTimeOrAFailureItIsTheFirst) {
  LineShrinking how = How([](const std::string&) { return true; });
  how.deadline_ns = 0;
  EXPECT_EQ(ShrinkLines("a\nb\n", how), "a\nb\n");
  EXPECT_EQ(ShrinkLines("a\nb\n", How([](const std::string&) { return false; })), "a\nb\n");
}

}  // namespace
}  // namespace tenter::fuzz
