// Every comparison of `fuzz iterator`, seen to fail on an answer that is wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "fuzz/iterator/draw.h"
#include "fuzz/iterator/judge.h"
#include "fuzz/iterator/number.h"
#include "fuzz/iterator/state.h"

namespace tenter::fuzz::iterator {
namespace {

constexpr const char* kHead =
    "csv columns 2 dtype int32 batch 2 round yes prefetch 2 skip 1 file rows mark no newline yes "
    "noise 0\n";

Program Parse(const std::string& lines) { return ParseProgram(kHead + lines).value(); }

std::string Int32Rows(const Program& p, const std::vector<int64_t>& lines) {
  std::vector<int32_t> numbers;
  for (const int64_t line : lines)
    for (int64_t column = 0; column < p.columns; ++column)
      numbers.push_back(static_cast<int32_t>(NumberAt(p, line, column)));
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(int32_t)};
}

// The answers of one consumer to everything that the program asks, all right.
History Right(const Program& p) {
  History history;
  history.path = "/x/rows.csv";
  history.has_sites = true;
  history.after_free = TGT_STALE_HANDLE;
  auto& answers = history.consumers.emplace_back();
  const Epoch epoch = Expect(p);
  size_t next = 0;
  uint64_t stamp = 0;
  for (const Call& call : p.calls)
    for (int i = 0; i < call.times; ++i) {
      Answer& answer = answers.emplace_back();
      answer.verb = call.verb;
      answer.begin = stamp++;
      answer.end = stamp++;
      answer.room = call.room == kPlenty ? p.rows.size() + 1 : static_cast<uint64_t>(call.room);
      if (call.verb == Verb::kReset) next = 0;
      if (call.verb == Verb::kSkipped && next > 0)
        answer.skipped = static_cast<uint64_t>(epoch.batches[next - 1].skipped);
      for (size_t line = 0; line < std::min(answer.skipped, answer.room); ++line) {
        answer.skipped_lines.push_back(epoch.bad_lines[line]);
        answer.skipped_reasons.push_back(history.path + ":" +
                                         std::to_string(epoch.bad_lines[line]) + ": no");
      }
      if (call.verb != Verb::kNext || next == epoch.batches.size()) continue;
      const ExpectedBatch& batch = epoch.batches[next];
      answer.has_batch = true;
      answer.index = static_cast<int64_t>(next++);
      answer.first_row = batch.first_row;
      answer.pad = batch.pad;
      answer.dtype = p.dtype;
      answer.dims = {static_cast<int64_t>(batch.lines.size()), p.columns};
      answer.bytes = Int32Rows(p, batch.lines);
    }
  return history;
}

std::string Kind(const Program& p, const History& history) {
  const auto finding = Judge(p, history);
  return finding.has_value() ? finding->contract + " " + finding->kind : "";
}

void Fail(Answer* answer, tgt_code code, const std::string& message) {
  Answer failed;
  failed.verb = answer->verb;
  failed.begin = answer->begin;
  failed.end = answer->end;
  failed.code = code;
  *answer = failed;
  std::strncpy(answer->error.message, message.c_str(), sizeof(answer->error.message) - 1);
}

const char* const kThreeRows = "row good\nrow blank\nrow word\nrow crlf\nrow good\n";

TEST(IteratorOracle, WorksOutBatchesPadAndSkippedRows) {
  const Epoch epoch = Expect(Parse(kThreeRows));
  ASSERT_EQ(epoch.batches.size(), 2u);
  EXPECT_EQ(epoch.batches[0].lines, (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(epoch.batches[1].lines, (std::vector<int64_t>{5, 1})) << "filled up from the beginning";
  EXPECT_EQ(epoch.batches[1].first_row, 2);
  EXPECT_EQ(epoch.batches[1].pad, 1);
  EXPECT_EQ(epoch.bad_lines, std::vector<int64_t>{3});
  const Epoch fails = Expect(Parse("row good\nrow long\nrow good\nrow good\nrow long\n"));
  EXPECT_EQ(fails.batches.size(), 1u) << "the batch of the second bad row is not whole";
  EXPECT_EQ(fails.error_line, 5);
}

TEST(IteratorOracle, AcceptsWhatIsRightAndNamesWhatIsNot) {
  const Program p =
      Parse(std::string(kThreeRows) + "c0: next 3\nc0: skipped\nc0: reset\nc0: next 1\n");
  const History right = Right(p);
  ASSERT_EQ(Kind(p, right), "");
  const auto with = [&](auto change) {
    History history = right;
    change(history, history.consumers[0]);
    return Kind(p, history);
  };
  using Answers = std::vector<Answer>;
  EXPECT_EQ(with([](History&, Answers& a) { a[0].bytes[0] ^= 1; }), "ITR-1 wrong batch");
  EXPECT_EQ(with([](History&, Answers& a) { a[1].bytes[9] ^= 1; }), "ITR-1 wrong batch") << "pad";
  EXPECT_EQ(with([](History&, Answers& a) { a[0].dims = {2, 3}; }), "ITR-1 wrong batch");
  EXPECT_EQ(with([](History&, Answers& a) { a[0].dtype = TGT_INT64; }), "ITR-1 wrong batch");
  EXPECT_EQ(with([](History&, Answers& a) { a[1].pad = 0; }), "ITR-1 wrong batch");
  EXPECT_EQ(with([](History&, Answers& a) { a[1].first_row = 0; }), "ITR-1 wrong batch");
  EXPECT_EQ(with([](History&, Answers& a) { std::swap(a[0].index, a[1].index); }),
            "ITR-1 batch out of order");
  EXPECT_EQ(with([](History&, Answers& a) { a[1].has_batch = false; }), "ITR-1 rows lost");
  EXPECT_EQ(with([](History&, Answers& a) { a[2] = a[1], a[2].end = a[2].begin = 5; }),
            "ITR-1 too many batches");
  EXPECT_EQ(with([](History&, Answers& a) { Fail(&a[2], TGT_DATA_LOSS, "no"); }),
            "ITR-2 error without a cause");
  EXPECT_EQ(with([](History&, Answers& a) { Fail(&a[1], TGT_DATA_LOSS, "no"); }),
            "ITR-2 error before its place");
  EXPECT_EQ(with([](History&, Answers& a) { a[3].skipped = 0; }),
            "ITR-2 skipped rows are not told right");
  EXPECT_EQ(with([](History&, Answers& a) { a[3].skipped_lines[0] = 4; }),
            "ITR-2 skipped rows are not told right");
  EXPECT_EQ(with([](History&, Answers& a) { a[3].skipped_reasons[0] = "/x/rows.csv:4: no"; }),
            "ITR-2 the reason of a skipped row is not exact");
  EXPECT_EQ(with([](History&, Answers& a) { Fail(&a[4], TGT_INTERNAL, "no"); }),
            "ITR-3 reset refused");
  EXPECT_EQ(with([](History&, Answers& a) { a[5] = a[1], a[5].begin = 20, a[5].end = 21; }),
            "ITR-4 batch out of order")
      << "of the old epoch";
  EXPECT_EQ(with([](History&, Answers& a) { a[0].changed = true; }),
            "ITR-6 a returned batch changed");
  EXPECT_EQ(with([](History& h, Answers&) { h.after_free = TGT_OK; }),
            "ITR-5 freed iterator in use");
  EXPECT_EQ(with([](History& h, Answers&) { h.free = TGT_INTERNAL; }), "ITR-5 free refused");
  EXPECT_EQ(with([](History& h, Answers&) { h.threads_left = 1; }), "ITR-5 threads left");
  EXPECT_EQ(with([](History& h, Answers&) { h.descriptors_left = 1; }), "ITR-5 descriptors left");
  EXPECT_EQ(with([](History& h, Answers&) { h.create = TGT_INTERNAL; }),
            "ITR-1 the iterator is refused");
}

TEST(IteratorOracle, HoldsErrorsToTheirPlace) {
  const Program p =
      Parse("row good\nrow long\nrow good\nrow long\nc0: next 3\nc0: close\nc0: next 1\n");
  History history = Right(p);
  auto& answers = history.consumers[0];
  EXPECT_EQ(Kind(p, history), "ITR-2 lost error") << "the end instead";
  Fail(&answers[1], TGT_DATA_LOSS, "/x/rows.csv:4: row length");
  answers[2] = answers[1], answers[2].begin = 4, answers[2].end = 5;
  EXPECT_EQ(Kind(p, history), "ITR-5 closed iterator in use");
  Fail(&answers[4], TGT_CLOSED, "closed");
  EXPECT_EQ(Kind(p, history), "");
  Fail(&answers[1], TGT_DATA_LOSS, "/x/rows.csv:2: row length");
  EXPECT_EQ(Kind(p, history), "ITR-2 error is not exact");
  Fail(&answers[1], TGT_DATA_LOSS, "line 4: row length");
  EXPECT_EQ(Kind(p, history), "ITR-2 error is not exact");
  history = Right(p);
  Fail(&history.consumers[0][3], TGT_INTERNAL, "no");
  Fail(&history.consumers[0][1], TGT_DATA_LOSS, "/x/rows.csv:4: row length");
  history.consumers[0][2] = history.consumers[0][1];
  EXPECT_EQ(Kind(p, history), "ITR-5 close refused");
}

// A line that no reader takes is a bad row, and one line.
TEST(IteratorOracle, HoldsWhatIsBehindAnEndlessLineToItsPlace) {
  const Program p = Parse("row good\nrow endless\nrow word\nc0: next 1\n");
  EXPECT_GT(LineText(p, 2).size(), size_t{1} << 20);
  EXPECT_EQ(LineText(p, 2).find('\n'), std::string::npos);
  History history = Right(p);
  Fail(&history.consumers[0][0], TGT_DATA_LOSS, "/x/rows.csv:4: not a number");
  EXPECT_EQ(Kind(p, history), "ITR-2 error is not exact");
  Fail(&history.consumers[0][0], TGT_DATA_LOSS, "/x/rows.csv:3: not a number");
  EXPECT_EQ(Kind(p, history), "");
}

TEST(IteratorProgram, PutsALineBreakWhereARowSays) {
  const Program p = Parse(
      "row good until 100\nrow blank until 150\nrow crlf until 200\nrow good until 20\n"
      "row long until 300\nc0: next 1\n");
  const std::string text = FileText(p);
  for (const size_t at : {100, 150, 200, 300}) EXPECT_EQ(text[at], '\n') << at;
  EXPECT_EQ(text.substr(0, 2), "0,");
  EXPECT_EQ(text.substr(94, 6), "     1");
  EXPECT_EQ(text[199], '\r');
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
  EXPECT_EQ(*ParseProgram(ToText(p)), p);
}

TEST(IteratorOracle, HoldsFaultsToTheirBatch) {
  const Program always = Parse("row good\nrow good\nrow good\nfault next 1 error\nc0: next 3\n");
  History history = Right(always);
  EXPECT_EQ(Kind(always, history), "ITR-2 lost error");
  Fail(&history.consumers[0][1], TGT_DATA_LOSS, FaultText(0));
  EXPECT_EQ(Kind(always, history), "ITR-3 not the same error again");
  Fail(&history.consumers[0][2], TGT_DATA_LOSS, FaultText(0));
  EXPECT_EQ(Kind(always, history), "");
  history.has_sites = false;
  EXPECT_EQ(Kind(always, history), "ITR-2 error before its place") << "nobody struck";

  const Program once = Parse(
      "row good\nrow good\nrow good\nfault next 1 error once\nc0: next 2\nc0: reset\nc0: next 2\n");
  history = Right(once);
  EXPECT_EQ(Kind(once, history), "") << "it may strike what a reset throws away";
  Fail(&history.consumers[0][1], TGT_DATA_LOSS, FaultText(0));
  EXPECT_EQ(Kind(once, history), "");
  Fail(&history.consumers[0][4], TGT_DATA_LOSS, FaultText(0));
  EXPECT_EQ(Kind(once, history), "ITR-3 error before its place") << "twice";
}

// What the type holds, and what it does not.
TEST(IteratorOracle, KnowsTheEdgesOfEachType) {
  const auto good = [](tgt_dtype dtype, const char* text) {
    return ElementOf(dtype, text).has_value();
  };
  for (const char* const text : {"255", "0", "-0", "+5", "007", " 1\t", "000000000000000000255"})
    EXPECT_TRUE(good(TGT_UINT8, text)) << text;
  for (const char* const text : {"256", "-1", "", " ", "+", "-", "+-1", "1 2", "1.0", "0x1", "1e1"})
    EXPECT_FALSE(good(TGT_UINT8, text)) << text;
  EXPECT_TRUE(good(TGT_INT32, "-2147483648") && good(TGT_INT32, "2147483647"));
  EXPECT_FALSE(good(TGT_INT32, "-2147483649") || good(TGT_INT32, "2147483648"));
  EXPECT_TRUE(good(TGT_INT64, "-9223372036854775808"));
  EXPECT_FALSE(good(TGT_INT64, "9223372036854775808") ||
               good(TGT_INT64, std::string(400, '9').c_str()));
  for (const char* const text : {"inf", "-INFINITY", "NaN", ".5", "5.", "1e-999", "3.4e38"})
    EXPECT_TRUE(good(TGT_FLOAT32, text)) << text;
  for (const char* const text : {"1e999", "3.5e38", "nan(1)", "0x1p3", "--1", ".", "1e", "infi"})
    EXPECT_FALSE(good(TGT_FLOAT32, text)) << text;
  EXPECT_TRUE(good(TGT_FLOAT64, "3.5e38"));
  const int32_t least = INT32_MIN;
  const float minus_zero = -0.0f, zero = 0, nan = NAN;
  const auto is = [](tgt_dtype dtype, const auto& value, const char* text) {
    return IsElement(dtype, reinterpret_cast<const char*>(&value), text);
  };
  EXPECT_TRUE(is(TGT_INT32, least, "-2147483648"));
  EXPECT_TRUE(is(TGT_FLOAT32, minus_zero, "-0") && is(TGT_FLOAT32, nan, "-nan"));
  EXPECT_FALSE(is(TGT_FLOAT32, zero, "-0") || is(TGT_FLOAT32, zero, "nan"));
}

TEST(IteratorOracle, HoldsTextsOfNumbersToTheirType) {
  const Program p =
      Parse("row number -2147483648\nrow number 2147483648\nrow number +7\nc0: next 1\n");
  EXPECT_EQ(Expect(p).bad_lines, std::vector<int64_t>{2});
  EXPECT_EQ(LineText(p, 1), "0,-2147483648");
  History history = Right(p);
  EXPECT_EQ(Kind(p, history), "ITR-1 wrong batch") << "the numbers of a good row";
  const int32_t right[] = {0, INT32_MIN, 4, 7};
  history.consumers[0][0].bytes = {reinterpret_cast<const char*>(right), sizeof(right)};
  EXPECT_EQ(Kind(p, history), "");
  history.consumers[0][0].bytes[4] ^= 1;
  EXPECT_EQ(Kind(p, history), "ITR-1 wrong batch");
}

// All are counted, and as many told as there is room for.
TEST(IteratorOracle, HoldsSkippedRowsToTheirRoom) {
  for (const char* const call : {"c0: skipped 0\n", "c0: skipped 1\n", "c0: skipped 2\n"}) {
    const Program p = Parse(std::string(kThreeRows) + "c0: next 3\n" + call);
    const History right = Right(p);
    EXPECT_EQ(Kind(p, right), "") << call;
    History history = right;
    history.consumers[0][3].skipped = 0;
    history.consumers[0][3].skipped_lines.clear();
    EXPECT_EQ(Kind(p, history), "ITR-2 skipped rows are not told right") << call;
    history = right;
    history.consumers[0][3].beyond_room = true;
    EXPECT_EQ(Kind(p, history), "ITR-2 more skipped rows than there is room for") << call;
  }
}

// Of two calls at the same time either may come first; of two one behind the other it may not.
TEST(IteratorOracle, TriesEveryOrderThatTheTimesAllow) {
  const Program p = Parse("row good\nrow good\nrow good\nc0: next 2\nc1: next 1\n");
  History history = Right(p);
  history.consumers.resize(1);
  auto& answers = history.consumers[0];
  answers.resize(2);
  std::vector<Answer> other = {answers[0]};
  answers.erase(answers.begin());
  history.consumers.push_back(other);
  history.consumers[0][0].begin = 0, history.consumers[0][0].end = 10;  // batch 1
  history.consumers[1][0].begin = 5, history.consumers[1][0].end = 12;  // batch 0
  EXPECT_EQ(Kind(p, history), "");
  history.consumers[1][0].begin = 11;
  EXPECT_EQ(Kind(p, history), "ITR-1 batch out of order");
}

TEST(IteratorOracle, HoldsTheTargetToItsPrefetch) {
  const Program p = Parse("row good\nc0: next 1\n");
  History history = Right(p);
  history.most_ahead = 1;
  EXPECT_EQ(Kind(p, history), "");
  history.most_ahead = 2;
  EXPECT_EQ(Kind(p, history), "ITR-1 too many batches made ahead");
}

TEST(IteratorPrograms, AreTextAndBack) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const Program program = DrawProgram("ITR-2", 12, seed);
    const auto again = ParseProgram(ToText(program));
    ASSERT_TRUE(again.ok()) << "seed " << seed << ": " << again.status().message();
    ASSERT_EQ(*again, program) << "seed " << seed << "\n" << ToText(program);
  }
}

TEST(IteratorPrograms, WhatIsNoneIsRefusedWithItsLine) {
  for (const char* const line :
       {"c0: skipped -1\n", "row splendid\n", "row number\n", "row number _\n", "row number 1,2\n",
        "c3: next 1\n", "c0: next\n", "c0: next 0\n", "c0: reset 2\n", "fault open throw\n",
        "fault next error\n", "fault next 1 error twice\n", "x\n", "\n"}) {
    const auto program = ParseProgram(std::string(kHead) + "row good\n" + line);
    ASSERT_FALSE(program.ok()) << line;
    EXPECT_NE(program.status().message().find("line 3 "), std::string::npos) << line;
  }
  EXPECT_FALSE(ParseProgram("").ok());
  EXPECT_FALSE(ParseProgram("row good\n").ok());
}

}  // namespace
}  // namespace tenter::fuzz::iterator
