// Which requests must be refused for an index that an axis does not have, and with what.
#include "fuzz/model/judge/refused.h"

#include <gtest/gtest.h>

#include <cstring>

#include "fuzz/model/judge/judge.h"
#include "fuzz/model/oracle/oracle.h"

namespace tenter::fuzz::model {
namespace {

using Nodes = std::set<std::string>;

Array Ints(std::vector<double> numbers) {
  return {.integers = true,
          .dims = {static_cast<int64_t>(numbers.size())},
          .numbers = std::move(numbers),
          .most = 9};
}

// Of these lines, with an x0 of 2 by 3 and these indices for x1.
Refusals Of(const std::string& lines, const std::vector<double>& indices) {
  const std::string head =
      "model threads safe workers 1 flight 1 full wait plans 4 kernels fast ops 1 noise 0\n"
      "input x0 float 2 3\ninput x1 int " +
      std::to_string(indices.size()) + "\n";
  const Graph graph =
      ParseProgram(head + lines + "c0: call a size 1 seed 0 times 1\n").value().graph;
  const Arrays inputs = {{.dims = {2, 3}, .numbers = {1, 2, 3, 4, 5, 6}, .most = 9}, Ints(indices)};
  return RefusalsOf(graph, Compute(graph, inputs).value());
}

TEST(ModelRefusals, AnIndexCountsFromEitherEnd) {
  const std::string lines = "n0 = Gather x0 x1 axis 1\noutput n0\n";
  EXPECT_EQ(Of(lines, {-3, -1, 0, 2}).possible, Nodes{});
  EXPECT_EQ(Of(lines, {0, 3}).sure, Nodes{"n0"});
  EXPECT_EQ(Of(lines, {-4, 0}).sure, Nodes{"n0"});
  EXPECT_EQ(Of("n0 = Gather x0 x1 axis -2\noutput n0\n", {2}).sure, Nodes{"n0"});
}

TEST(ModelRefusals, WhatNeverRunsRefusesNothing) {
  EXPECT_EQ(Of("n0 = Gather x0 x1 axis 1\nn1 = Gather n0 x1 axis 1\noutput n1\n", {5}).possible,
            Nodes{"n0"});
  const Refusals unread = Of("n0 = Gather x0 x1 axis 1\nn1 = Relu x0\noutput n1\n", {5});
  EXPECT_EQ(unread.possible, Nodes{"n0"});
  EXPECT_EQ(unread.sure, Nodes{}) << "a runtime need not work out what nobody reads";
  const Refusals shape = Of("n0 = Gather x0 x1 axis 1\nn1 = Shape n0\noutput n1\n", {5});
  EXPECT_EQ(shape.sure, Nodes{}) << "a shape is known without the numbers";
  const Refusals empty = Of(
      "n0 = Slice x0 starts 0 ends 0 axes 0 steps 1\nn1 = Gather n0 x1 axis 1\noutput n1\n", {5});
  EXPECT_EQ(empty.possible, Nodes{"n1"});
  EXPECT_EQ(empty.sure, Nodes{}) << "there is nothing to move";
}

// ---- the judge

struct Case {
  Program program;
  History history;
};

// One call whose index is always wrong, and the two that come behind it.
Case Refused(tgt_code code, const std::string& message, const std::string& faults = "") {
  Case made{ParseProgram("model threads safe workers 1 flight 1 full wait plans 4 kernels fast "
                         "ops 1 noise 0\ninput x0 float 1\nn0 = Gather x0 {8:6i}\noutput n0\n" +
                         faults + "c0: call a size 1 seed 4 times 1\n")
                .value(),
            {}};
  const auto answer = [&](uint64_t seed, uint64_t stamp) {
    Answer refused{.size = 1, .seed = seed, .begin = stamp, .end = stamp + 1, .code = code};
    for (const Array& array : OutputsOf(made.program.graph, 1, seed))
      refused.outputs.push_back({TGT_FLOAT32, array.dims, array.numbers});
    std::strncpy(refused.error.message, message.c_str(), sizeof(refused.error.message) - 1);
    return refused;
  };
  made.history.callers = {{answer(4, 1)}};
  made.history.rests.emplace_back().again = {answer(101, 3), answer(102, 5)};
  return made;
}

std::string Kind(const Case& made) {
  const auto finding = Judge(made.program, made.history);
  return finding.has_value() ? finding->contract + " " + finding->kind : "";
}

TEST(ModelRefusals, AreToldWithNodeAndShape) {
  const std::string right = "request 1: node 'n0' (float32[1]): no";
  EXPECT_EQ(Kind(Refused(TGT_OUT_OF_RANGE, right)), "");
  EXPECT_EQ(Kind(Refused(TGT_OK, "")), "COP-5 a wrong request is answered");
  EXPECT_EQ(Kind(Refused(TGT_INTERNAL, right)), "COP-5 an error without a cause");
  EXPECT_EQ(Kind(Refused(TGT_OUT_OF_RANGE, "request 1: (float32[1]): no")),
            "COP-5 the node is not named");
  EXPECT_EQ(Kind(Refused(TGT_OUT_OF_RANGE, "request 1: node 'n0': no")),
            "COP-5 the shapes are not named");
  Case made = Refused(TGT_OUT_OF_RANGE, right);
  made.history.rests[0].again[1].code = TGT_OK;
  EXPECT_EQ(Kind(made), "COP-5 a wrong request is answered");
  made = Refused(TGT_OUT_OF_RANGE, right, "fault n0 error hit 1\n");
  made.history.strikes = {{.fault = 0, .request = 1}};
  EXPECT_EQ(Kind(made), "") << "of two causes one is told";
  made.history.strikes[0].request = 2;
  EXPECT_EQ(Kind(made), "COP-5 a failure is lost");
}

TEST(ModelRefusals, MayBeToldWhenTheModelIsMade) {
  const auto of = [](const std::string& table, const char* message) {
    Case made{ParseProgram("model threads safe workers 1 flight 1 full wait plans 4 kernels fast "
                           "ops 1 noise 0\ninput x0 float 1\nn1 = Gather " +
                           table + " {8:6i}\noutput n1\nc0: call a size 1 seed 4 times 1\n")
                  .value(),
              {}};
    made.history.create = TGT_OUT_OF_RANGE;
    std::strncpy(made.history.create_error.message, message,
                 sizeof(made.history.create_error.message) - 1);
    return Kind(made);
  };
  EXPECT_EQ(of("{1:5}", "node 'n1': no"), "");
  EXPECT_EQ(of("{1:5}", "node 'n11': no"), "COP-9 the model is refused");
  EXPECT_EQ(of("x0", "node 'n1': no"), "COP-9 the model is refused") << "a call may be refused";
}

}  // namespace
}  // namespace tenter::fuzz::model
