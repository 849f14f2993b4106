// What is asked while the one place of an op is taken: who is turned away, who ends early, and in
// which order the others begin.
#include <gtest/gtest.h>

#include "fuzz/model/judge/judge.h"
#include "fuzz/model/program/program.h"

namespace tenter::fuzz::model {
namespace {

Program ProgramOf(const std::string& head) {
  return ParseProgram("model " + head +
                      " plans 4 kernels fast ops 1 noise 0 waiting 2\ninput x0 float 2\n"
                      "n0 = Relu x0\noutput n0\nc0: call a size 1 seed 1 times 1\n")
      .value();
}

std::string KindOf(const std::string& head, Taken taken) {
  History history;
  history.rests.resize(1);
  taken.told = true;
  history.taken = std::move(taken);
  const auto finding = Judge(ProgramOf(head), history);
  return finding.has_value() ? finding->kind : "";
}

const std::string kWaits = "threads safe workers 1 flight 1 full wait";

Answer Right(uint64_t request, int priority) {
  return {.priority = priority, .request = request, .begin = request};
}

TEST(ModelTaken, AnOpForOneThreadTurnsASecondCallerAway) {
  const std::string head = "threads single workers 1 flight 1 full wait";
  EXPECT_EQ(KindOf(head, {.asked = {{.code = TGT_CONCURRENT_USE}}}), "");
  EXPECT_EQ(KindOf(head, {.asked = {{.code = TGT_OK}}}), "a second caller is let in");
}

TEST(ModelTaken, AFullOpThatRefusesTurnsOneMoreAway) {
  const std::string head = "threads safe workers 1 flight 1 full refuse";
  EXPECT_EQ(KindOf(head, {.asked = {{.code = TGT_RESOURCE_EXHAUSTED}}}), "");
  EXPECT_EQ(KindOf(head, {.asked = {{.code = TGT_OK}}}), "one more is let in");
}

TEST(ModelTaken, WhoIsCancelledOrLateDoesNotRun) {
  EXPECT_EQ(KindOf(kWaits, {.asked = {{.withdrawn = true, .code = TGT_STOPPED},
                                      {.has_deadline = true, .code = TGT_DEADLINE_EXCEEDED}}}),
            "");
  EXPECT_EQ(KindOf(kWaits, {.asked = {{.withdrawn = true}}}), "it waits on");
  EXPECT_EQ(KindOf(kWaits, {.asked = {{.has_deadline = true, .code = TGT_STOPPED}}}),
            "it waits on");
}

TEST(ModelTaken, TheOthersBeginByPriorityAndInOrderOfArrival) {
  const std::vector<Answer> asked = {Right(3, 0), Right(4, 1), Right(5, -1), Right(6, 1)};
  EXPECT_EQ(KindOf(kWaits, {.asked = asked, .begun = {4, 6, 3, 5}}), "");
  EXPECT_EQ(KindOf(kWaits, {.asked = asked, .begun = {3, 4, 5, 6}}), "not served by priority");
  EXPECT_EQ(KindOf(kWaits, {.asked = asked, .begun = {6, 4, 3, 5}}), "not served by priority");
  EXPECT_EQ(KindOf(kWaits, {.asked = asked, .begun = {4, 6, 3}}), "not served by priority");
}

}  // namespace
}  // namespace tenter::fuzz::model
