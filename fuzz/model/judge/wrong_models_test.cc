// Which wrong lines make a model one that ONNX forbids, and what may be said of such a model.
#include <gtest/gtest.h>

#include <cstring>

#include "fuzz/model/judge/judge.h"
#include "fuzz/model/program/draw.h"
#include "fuzz/model/run/onnx_bytes.h"

namespace tenter::fuzz::model {
namespace {

constexpr const char* kHead =
    "model threads safe workers 1 flight 1 full wait plans 4 kernels fast ops 1 noise 0\n"
    "input x0 float 2 4 3 1\n";

// The node with this wrong line.
Result<Program> With(const std::string& node, const std::string& wrong,
                     const std::string& more = "output n0\n") {
  return ParseProgram(kHead + ("n0 = " + node + "\n") + more + "wrong n0 " + wrong +
                      "\nc0: call a size 1 seed 4 times 1\n");
}
bool Forbidden(const std::string& node, const std::string& wrong) { return With(node, wrong).ok(); }

TEST(ModelWrong, AxesAreThereAndNamedOnce) {
  for (const char* const wrong : {"axis 4", "axis -5", "axis 100", "op", "operand", "cycle"})
    EXPECT_TRUE(Forbidden("Concat x0 x0 axis 1", wrong)) << wrong;
  for (const char* const right : {"axis 3", "axis -4", "axis", "axis 1 2", "perm 9"})
    EXPECT_FALSE(Forbidden("Concat x0 x0 axis 1", right)) << right;
  EXPECT_FALSE(Forbidden("Flatten x0 axis 1", "axis 4")) << "all axes may stand before it";
  EXPECT_TRUE(Forbidden("Flatten x0 axis 1", "axis 5"));
  EXPECT_TRUE(Forbidden("Squeeze x0 axes 3", "axes 0")) << "an axis of two";
  EXPECT_FALSE(Forbidden("Squeeze x0 axes 3", "axes -1"));
  EXPECT_TRUE(Forbidden("Unsqueeze x0 axes 0", "axes 0 -6"));
  EXPECT_FALSE(Forbidden("Unsqueeze x0 axes 0", "axes 4"));
  EXPECT_TRUE(Forbidden("Transpose x0 perm 0 1 2 3", "perm 0 1 2 0"));
  EXPECT_FALSE(Forbidden("Transpose x0 perm 0 1 2 3", "perm 3 1 2 0"));
}

TEST(ModelWrong, PartsFit) {
  const std::string conv = "Conv x0 {4,2,1,1:3} group 2";
  for (const char* const wrong : {"group 3", "group 0", "group 4", "strides -1 1", "strides 1",
                                  "pads 0 0 0 -1", "dilations 0 1", "kernel_shape 2 1"})
    EXPECT_TRUE(Forbidden(conv, wrong)) << wrong;
  for (const char* const right : {"group 2", "strides 2 2", "strides", "kernel_shape 1 1"})
    EXPECT_FALSE(Forbidden(conv, right)) << right;
  EXPECT_TRUE(Forbidden("Split x0 axis 1 parts 1 3", "parts 2 3"));
  EXPECT_FALSE(Forbidden("Split x0 axis 1 parts 1 3", "parts 2 2"));
  EXPECT_TRUE(Forbidden("Reshape x0 shape -1", "shape -1 -1"));
  EXPECT_FALSE(Forbidden("Reshape x0 shape -1", "shape 12 2"));
  EXPECT_TRUE(Forbidden("Pad x0 pads 0 0 0 0 0 0 0 0", "pads 1"));
  EXPECT_FALSE(With("Concat x0 x0 axis 1", "axis 4", "n1 = Neg x0\noutput n1\n").ok())
      << "no output needs it";
}

// ---- the judge

struct Case {
  Program program;
  History history;
};

std::string Kind(const Case& made) {
  const auto finding = Judge(made.program, made.history);
  return finding.has_value() ? finding->contract + " " + finding->kind : "";
}

Case Refused(tgt_code code, const char* message) {
  Case made{With("Concat x0 x0 axis 1", "axis 4").value(), {}};
  made.history.create = code;
  std::strncpy(made.history.create_error.message, message,
               sizeof(made.history.create_error.message) - 1);
  return made;
}

TEST(ModelWrong, IsRefusedWithTheNode) {
  EXPECT_EQ(Kind(Refused(TGT_INVALID_ARGUMENT, "node 'n0': no")), "");
  EXPECT_EQ(Kind(Refused(TGT_INVALID_ARGUMENT, "node 'n01': no")),
            "COP-5 the wrong node is not named");
  EXPECT_EQ(Kind(Refused(TGT_INTERNAL, "node 'n0': no")),
            "COP-5 a wrong model fails without a cause");
  Case made = Refused(TGT_OK, "");
  Answer answer{.code = TGT_INVALID_ARGUMENT};
  std::strncpy(answer.error.message, "node 'n0': no", sizeof(answer.error.message) - 1);
  made.history.callers = {{answer}};
  made.history.rests.emplace_back().again = {answer, answer};
  EXPECT_EQ(Kind(made), "");
  made.history.rests[0].again[1].code = TGT_INTERNAL;
  EXPECT_EQ(Kind(made), "COP-5 a wrong model fails without a cause");
  made.history.rests[0].again[1].code = TGT_OK;
  EXPECT_EQ(Kind(made), "COP-9 a wrong model is answered");
  made.history.rests.clear();
  made.history.callers[0][0].code = TGT_OK;
  EXPECT_EQ(Kind(made), "COP-9 a wrong model is answered");
}

TEST(ModelWrong, IsWrittenIntoTheFile) {
  const auto bytes = [](const char* wrong) {
    return OnnxBytes(With("Concat x0 x0 axis 1", wrong).value().graph, 1, true);
  };
  EXPECT_NE(bytes("op").find("NoSuchOp"), std::string::npos);
  EXPECT_NE(bytes("operand").find("nobody_makes_this"), std::string::npos);
  EXPECT_NE(bytes("output").find("nobody_reads_this"), std::string::npos);
  EXPECT_NE(bytes("axis 4"), bytes("axis 5"));
}

TEST(ModelWrong, IsDrawnAndIsWhatItsTextSays) {
  int drawn = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const Program program = DrawProgram("COP-9", {0, 1}, 4, seed);
    if (!program.graph.wrong.has_value()) continue;
    ++drawn;
    const auto again = ParseProgram(ToText(program));
    ASSERT_TRUE(again.ok()) << again.status().message() << "\n" << ToText(program);
    ASSERT_EQ(*again, program) << ToText(program);
  }
  EXPECT_GT(drawn, 20);
}

}  // namespace
}  // namespace tenter::fuzz::model
