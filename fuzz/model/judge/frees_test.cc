// Who frees an op is back when the requests that were asked for have their answers.
#include <gtest/gtest.h>

#include "fuzz/model/judge/judge.h"
#include "fuzz/model/program/program.h"

namespace tenter::fuzz::model {
namespace {

std::string KindOf(std::vector<std::vector<Answer>> callers) {
  const Program program = ParseProgram(
                              "model threads safe workers 1 flight 1 full wait plans 4 kernels "
                              "fast ops 1 noise 0 waiting 2\ninput x0 float 2\nn0 = Relu x0\n"
                              "output n0\nc0: call a size 1 seed 1 times 1 later\nc0: free a\n")
                              .value();
  History history;
  history.rests.resize(1);
  history.callers = std::move(callers);
  const auto finding = Judge(program, history);
  return finding.has_value() ? finding->kind : "";
}

Answer LookedUntil(int caller, uint64_t end) {
  return {.caller = caller, .verb = Verb::kLook, .size = 1, .begin = 1, .end = end};
}

Answer Free(uint64_t begin, uint64_t end) {
  return {.verb = Verb::kFree, .size = 1, .begin = begin, .end = end};
}

// Of a request that was refused, so that nothing is asked of its numbers.
Answer Later(uint64_t given) {
  return {.size = 1,
          .withdrawn = true,
          .request = 1,
          .begin = 2,
          .end = given,
          .asked = 3,
          .given = given,
          .code = TGT_STOPPED};
}

TEST(ModelFrees, AnswersComeBefore) {
  EXPECT_EQ(KindOf({{Later(5), Free(4, 6)}}), "");
  EXPECT_EQ(KindOf({{Later(7), Free(4, 6)}}), "answered behind the free");
}

TEST(ModelFrees, WhoIsAnsweredInsideOfHisCallIsInside) {
  Answer later = Later(8);
  later.asked = 9;
  EXPECT_EQ(KindOf({{later, Free(4, 6)}}), "");
}

TEST(ModelFrees, WhoeverElseIsInside) {
  EXPECT_EQ(KindOf({{Later(5), Free(4, 6)}, {LookedUntil(1, 7)}}), "");
  EXPECT_EQ(KindOf({{Later(8), Free(4, 6)}, {LookedUntil(1, 7)}}), "answered behind the free");
}

}  // namespace
}  // namespace tenter::fuzz::model
