#include "harness/checks/check_board.h"

#include <gtest/gtest.h>

#include "harness/checks/process_census.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

CheckResult ResultOf(const CheckBoard& board, std::string_view name) {
  for (const CheckResult& result : board.results())
    if (result.name == name) return result;
  return {.name = "absent", .note = {}};
}

TEST(CheckBoard, GreenNeedsAnExaminationAndNoReasonAgainstIt) {
  CheckBoard board({"determinism", "epoch", "leak"}, [](const Finding&) {});
  board.Examine(kDeterminism, 5);
  board.Examine(kEpoch);
  board.NoPower(kEpoch, "one batch only");
  EXPECT_EQ(ResultOf(board, "determinism").state, CheckState::kPassed);
  EXPECT_EQ(ResultOf(board, "epoch").state, CheckState::kNoPower);
  EXPECT_EQ(ResultOf(board, "epoch").note, "one batch only");
  EXPECT_EQ(ResultOf(board, "leak").note, "nothing was examined");
}

TEST(CheckBoard, AFindingIsRedEvenWithoutPower) {
  std::vector<Finding> seen;
  CheckBoard board({"epoch"}, [&](const Finding& finding) { seen.push_back(finding); });
  board.NoPower(kEpoch, "one batch only");
  for (int i = 0; i < 10; ++i)
    board.Report({.check = &kEpoch, .what = "row lost", .title = "row " + std::to_string(i)});
  EXPECT_EQ(ResultOf(board, "epoch").state, CheckState::kFailed);
  EXPECT_EQ(board.findings(), 10u);
  EXPECT_EQ(seen.size(), 3u);  // of one signature
}

TEST(CheckBoard, FindingsOfChecksThatWereNotAskedForAreKept) {
  CheckBoard board({"epoch"}, [](const Finding&) {});
  board.Report({.check = &kLiveness, .what = "hang", .title = "hang"});
  EXPECT_EQ(ResultOf(board, "liveness").state, CheckState::kFailed);
}

// The id of a contract is a promise to the reader of a report: that this one broke.
TEST(CheckBoardDeathTest, AContractOfAnotherCheckIsADefectOfTheHarness) {
  CheckBoard board({"epoch"}, [](const Finding&) {});
  board.Report({.check = &kEpoch, .contract = "ITR-1", .what = "row lost", .title = "row 1"});
  board.Report({.check = &kEpoch, .contract = "ITR-4 ITR-1", .what = "row lost", .title = "row 1"});
  EXPECT_DEATH(
      board.Report({.check = &kEpoch, .contract = "ITR-1 COP-1", .what = "w", .title = "t"}),
      "not of its check");
  EXPECT_DEATH(board.Report({.check = &kEpoch, .contract = "ITR", .what = "w", .title = "t"}),
               "not of its check");
  EXPECT_DEATH(board.Report({.check = &kEpoch, .contract = "COP-1", .what = "w", .title = "t"}),
               "not of its check");
}

TEST(Finding, SignatureIsStableAndTellsDefectsApart) {
  const Finding a{.check = &kEpoch, .what = "row lost", .title = "row 1"};
  const Finding b{.check = &kEpoch, .what = "row lost", .title = "row 2"};
  const Finding c{.check = &kEpoch, .what = "row twice", .title = "row 1"};
  EXPECT_EQ(a.signature(), b.signature());
  EXPECT_NE(a.signature(), c.signature());
  EXPECT_EQ(a.signature().size(), 16u);
}

// The leak check sees a thread that is left behind.
TEST(ProcessCensus, SeesAThread) {
  CheckBoard board({"leak"}, [](const Finding&) {});
  // A sanitizer starts a thread of its own beside the first one of the process.
  Thread first;
  ASSERT_TRUE(first.Start("first", [] {}).ok());
  first.Join();
  const ProcessCensus before = ProcessCensus::Now();
  Mutex mutex;
  CondVar changed;
  bool release = false;
  Thread thread;
  ASSERT_TRUE(thread
                  .Start("left behind",
                         [&] {
                           MutexLock lock(mutex);
                           while (!release) changed.Wait(mutex);
                         })
                  .ok());
  CheckCensus(before, "ITR-5", &board);
  EXPECT_EQ(board.findings(), 1u);
  {
    MutexLock lock(mutex);
    release = true;
    changed.NotifyAll();
  }
  thread.Join();
  CheckCensus(before, "ITR-5", &board);
  EXPECT_EQ(board.findings(), 1u);
}

}  // namespace
}  // namespace tenter
