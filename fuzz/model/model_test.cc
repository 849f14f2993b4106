// The oracle against answers worked out by hand, and every comparison of `fuzz model`, seen to fail
// on an answer that is wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "fuzz/model/hunt/smaller.h"
#include "fuzz/model/judge/judge.h"
#include "fuzz/model/oracle/oracle.h"
#include "fuzz/model/program/draw.h"
#include "fuzz/model/program/draw_graph.h"
#include "fuzz/model/run/onnx_bytes.h"

namespace tenter::fuzz::model {
namespace {

// ---- the oracle

Array Floats(Dims dims, std::vector<double> numbers) {
  return {.dims = std::move(dims), .numbers = std::move(numbers), .most = 100};
}

std::vector<double> Of(const std::string& node, const Array& x, const Array& y = Floats({}, {1})) {
  const auto made = ComputeNode(*ParseNode(node), {{"x0", x}, {"x1", y}});
  return made ? made->back().numbers : std::vector<double>{-999};
}

using Numbers = std::vector<double>;
const Array kSquare = Floats({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});

TEST(ModelOracle, SlidesWindowsOverPaddingAndHoles) {
  const Array ones = Floats({1, 1, 2, 2}, {1, 1, 1, 1});
  EXPECT_EQ(Of("n0 = Conv x0 x1", kSquare, ones), (Numbers{12, 16, 24, 28}));
  EXPECT_EQ(Of("n0 = Conv x0 x1 pads 1 1 0 0 strides 2 2", kSquare, ones), (Numbers{1, 5, 11, 28}));
  EXPECT_EQ(Of("n0 = Conv x0 x1 dilations 2 2", kSquare, ones), (Numbers{20}));
  const Array two = Floats({1, 2, 1, 1}, {3, 5}), apart = Floats({2, 1, 1, 1}, {10, 100});
  EXPECT_EQ(Of("n0 = Conv x0 x1 group 2", two, apart), (Numbers{30, 500}));
  EXPECT_EQ(Of("n0 = MaxPool x0 kernel_shape 2 2 pads 1 1 0 0 strides 2 2", kSquare),
            (Numbers{1, 3, 7, 9}));
  EXPECT_EQ(Of("n0 = AveragePool x0 kernel_shape 2 2 pads 1 1 0 0 strides 2 2", kSquare),
            (Numbers{1, 2.5, 5.5, 7}));
  EXPECT_EQ(Of("n0 = AveragePool x0 kernel_shape 2 2 pads 1 1 0 0 strides 2 2 count_include_pad 1",
               kSquare),
            (Numbers{0.25, 1.25, 2.75, 7}));
}

TEST(ModelOracle, PadsAsToldByAWord) {
  const std::string pool = "n0 = MaxPool x0 kernel_shape 2 2 ";
  EXPECT_EQ(Of(pool + "same_upper", kSquare), (Numbers{5, 6, 6, 8, 9, 9, 8, 9, 9}));
  EXPECT_EQ(Of(pool + "same_lower", kSquare), kSquare.numbers);
  EXPECT_EQ(Of(pool + "same_lower strides 2 2", kSquare), (Numbers{1, 3, 7, 9}));
  EXPECT_EQ(Of(pool + "valid strides 2 2", kSquare), (Numbers{5}));
  EXPECT_EQ(Of(pool + "strides 2 2 ceil_mode 1", kSquare), (Numbers{5, 6, 8, 9}));
  EXPECT_EQ(Of("n0 = AveragePool x0 kernel_shape 2 2 strides 2 2 ceil_mode 1", kSquare),
            (Numbers{3, 4.5, 7.5, 9}));
  EXPECT_EQ(Of(pool + "same_upper pads 0 0 0 0", kSquare), (Numbers{-999})) << "it says both";
  EXPECT_EQ(Of(pool + "strides 3 3 pads 0 0 1 1 ceil_mode 1", kSquare), (Numbers{-999}))
      << "its last window begins behind the input";
}

TEST(ModelOracle, DropsNothing) {
  const Node node = *ParseNode("n0 = Dropout x0 ratio 0.5 training 0 mask");
  const auto made = ComputeNode(node, {{"x0", kSquare}});
  ASSERT_EQ(made->size(), 2U);
  EXPECT_EQ((*made)[0].numbers, kSquare.numbers);
  EXPECT_TRUE((*made)[1].truths);
  const Values values = {{"n0.1", (*made)[1]}};
  EXPECT_EQ((*ComputeNode(*ParseNode("n1 = Cast n0.1"), values))[0].numbers, Numbers(9, 1.0));
  EXPECT_FALSE(ComputeNode(*ParseNode("n1 = Neg n0.1"), values).has_value());
}

TEST(ModelOracle, MultipliesMatrices) {
  const Array a = Floats({2, 3}, {1, 2, 3, 4, 5, 6}), b = Floats({3, 2}, {1, 0, 0, 1, 1, 1});
  EXPECT_EQ(Of("n0 = MatMul x0 x1", a, b), (Numbers{4, 5, 10, 11}));
  EXPECT_EQ(Of("n0 = Gemm x0 x1 transA 1 transB 1", b, Floats({2, 3}, {1, 2, 3, 4, 5, 6})),
            (Numbers{4, 10, 5, 11}));
  EXPECT_EQ(Of("n0 = Gemm x0 x0 x1 transB 1 alpha 0.5 beta 2", a, Floats({2, 1}, {10, 20})),
            (Numbers{27, 36, 56, 78.5}));
}

TEST(ModelOracle, MovesNumbers) {
  const Array a = Floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(Of("n0 = Transpose x0", a), (Numbers{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(Of("n0 = Concat x0 x1 axis -1", a, Floats({2, 1}, {8, 9})),
            (Numbers{1, 2, 3, 8, 4, 5, 6, 9}));
  EXPECT_EQ(Of("n0 = Split x0 axis 1 parts 1 2", a), (Numbers{2, 3, 5, 6})) << "the second part";
  EXPECT_EQ(Of("n0 = Slice x0 starts -1 ends -100 axes 1 steps -2", a), (Numbers{3, 1, 6, 4}));
  EXPECT_EQ(Of("n0 = Slice x0 starts -6 ends -100 axes 1 steps -1", a), (Numbers{1, 4}))
      << "a start is clamped to the first number";
  EXPECT_EQ(Of("n0 = Concat x0 x0", a), (Numbers{-999})) << "ONNX wants an axis";
  EXPECT_EQ(Of("n0 = Pad x0 pads 0 1 0 0 value -1", a), (Numbers{-1, 1, 2, 3, -1, 4, 5, 6}));
  const Array at{.integers = true, .dims = {2}, .numbers = {-1, 0}, .most = 1};
  EXPECT_EQ(Of("n0 = Gather x0 x1 axis 1", a, at), (Numbers{3, 1, 6, 4}));
  EXPECT_EQ(Of("n0 = Pad x0 pads 0 -1 0 1", a), (Numbers{2, 3, 0, 5, 6, 0}));
  EXPECT_EQ(Of("n0 = Pad x0 pads 0 -4 0 3 value 7", a), (Numbers{7, 7, 7, 7})) << "all is cut";
}

TEST(ModelOracle, WorksOutNumbersOneByOne) {
  const Array a = Floats({2, 2}, {-2, -1, 0, 3});
  EXPECT_EQ(Of("n0 = Relu x0", a), (Numbers{0, 0, 0, 3}));
  EXPECT_EQ(Of("n0 = LeakyRelu x0 alpha 0.5", a), (Numbers{-1, -0.5, 0, 3}));
  EXPECT_EQ(Of("n0 = HardSigmoid x0 alpha 0.25 beta 0.5", a), (Numbers{0, 0.25, 0.5, 1}));
  EXPECT_EQ(Of("n0 = Clip x0 max 1", a), (Numbers{-2, -1, 0, 1}));
  EXPECT_EQ(Of("n0 = Clip x0 min 0 max -1", a), Numbers(4, -1)) << "the upper bound counts";
  EXPECT_EQ(Of("n0 = Sub x0 x1", a, Floats({2, 1}, {1, 2})), (Numbers{-3, -2, -2, 1}));
  EXPECT_EQ(Of("n0 = ReduceMean x0 axes 0 keepdims 0", a), (Numbers{-1, 1}));
}

TEST(ModelOracle, CutsWholeNumbersTowardsZero) {
  Array a = Floats({4}, {-1.5, -0.5, 0, 1.5});
  a.bits = 1;
  EXPECT_EQ(Of("n0 = Cast x0 to 7", a), (Numbers{-1, 0, 0, 1}));
  EXPECT_EQ(Of("n0 = Cast x0 to 9", a), (Numbers{1, 1, 0, 1}));
  EXPECT_EQ(Of("n0 = Cast x0", a), a.numbers);
  EXPECT_EQ(Of("n0 = Cast x0 to 6", a), (Numbers{-999})) << "a type that no call takes";
  const auto made = ComputeNode(*ParseNode("n0 = Cast x0 to 7"), {{"x0", a}});
  EXPECT_TRUE(made->at(0).integers);
}

TEST(ModelOracle, RefusesWhatMightBeRounded) {
  EXPECT_EQ(Of("n0 = ReduceMean x0", Floats({3}, {1, 2, 3})), (Numbers{-999})) << "a third";
  Array large = Floats({1}, {1});
  large.most = 1 << 20;
  EXPECT_EQ(Of("n0 = Mul x0 x0", large), (Numbers{-999})) << "more digits than a float has";
  large.most = 0.5;
  EXPECT_EQ(Of("n0 = Relu x0", large), (Numbers{-999})) << "more than its bound";
  const Array wide = Floats({2, 64, 3}, Numbers(384, 1));
  EXPECT_EQ(ComputeNode(*ParseNode("n0 = Shape x0"), {{"x0", wide}})->at(0).most, 64);
}

TEST(ModelOracle, GivesSlackWhereTilesMayRound) {
  Array image = Floats({1, 16, 3, 3}, Numbers(144, 1)), weights = Floats({16, 16, 3, 3}, {});
  weights.numbers.assign(2304, 2);
  image.most = weights.most = 2;
  Values values = {{"x0", image}, {"x1", weights}};
  const auto add = [&](const std::string& line) {
    std::vector<Values> all = {values};
    const bool fits = AddAtEverySize(*ParseNode(line), &all);
    values = all[0];
    return fits;
  };
  const auto slack = [&](const char* name) { return values.at(name).slack; };
  EXPECT_TRUE(add("n0 = Conv x0 x1"));
  EXPECT_EQ(values.at("n0").numbers, Numbers(16, 288));
  EXPECT_DOUBLE_EQ(slack("n0"), 1e-5 * 2 * 2 * 144);
  EXPECT_TRUE(add("n1 = Conv x0 x1 strides 2 2"));
  EXPECT_EQ(slack("n1"), 0);
  EXPECT_TRUE(add("n2 = Relu n0") && add("n3 = Add n2 n0") && add("n4 = Mul n0 {16,1,1:7}"));
  EXPECT_EQ(slack("n2"), slack("n0"));
  EXPECT_EQ(slack("n3"), 2 * slack("n0"));
  EXPECT_EQ(slack("n4"), 2 * slack("n0"));
  EXPECT_FALSE(add("n5 = Cast n0 to 7")) << "a number off by little may be another one";
  EXPECT_FALSE(add("n7 = Mul n0 {16,1,1:7f}")) << "infinity times a number next to zero";
  EXPECT_FALSE(add("n6 = Mul n4 n0")) << "the slack reaches the next number";
}

// ---- programs

constexpr const char* kHead =
    "model threads safe workers 1 flight 2 full refuse plans 4 kernels fast ops 1 noise 0\n";

TEST(ModelProgram, IsWhatItsTextSays) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const Program drawn = DrawProgram(seed % 2 == 0 ? "COP-5" : "COP-9", {0, 1, 4}, 10, seed);
    const auto parsed = ParseProgram(ToText(drawn));
    ASSERT_TRUE(parsed.ok()) << "seed " << seed << ": " << parsed.status().message();
    EXPECT_EQ(*parsed, drawn) << "seed " << seed;
    EXPECT_FALSE(OnnxBytes(drawn.graph, *SizesOf(drawn).begin(), true).empty());
  }
}

// A size that no program may have, as of a flattened image.
// Nobody else need read 0 and -1 as we do: then nothing is told of such a dim.
TEST(ModelProgram, TellsOpenSizesToThoseWhoReadThem) {
  const auto bytes = [](const std::string& size, bool zero_is_open) {
    const auto program =
        ParseProgram(kHead + ("input x0 float " + size) +
                     " 3\nn0 = Relu x0\noutput n0\nc0: call a size 2 seed 0 times 1\n");
    return OnnxBytes(program.value().graph, 2, zero_is_open);
  };
  for (const char* const size : {"0", "-1"}) {
    EXPECT_EQ(bytes(size, false), bytes("?", true)) << size;
    EXPECT_NE(bytes(size, true), bytes("?", true)) << size;
  }
  EXPECT_EQ(bytes("2", false), bytes("2", true));
}

TEST(ModelProgram, SharesNoConstantThatFitsNowhere) {
  Dice dice(1);
  Drawn drawn;
  drawn.dice = &dice;
  EXPECT_FALSE(ParseConstant(drawn.Const({245, 3})).has_value());
  EXPECT_TRUE(drawn.shared.empty());
  EXPECT_TRUE(ParseConstant(drawn.Const({24, 3})).has_value());
  EXPECT_EQ(drawn.shared.size(), 1u);
}

TEST(ModelProgram, SaysWhatDoesNotFit) {
  const auto refusal = [](const std::string& lines) {
    return ParseProgram(kHead + lines).status().message();
  };
  const std::string call = "output n0\nc0: call a size 1 seed 0 times 1\n";
  EXPECT_EQ(refusal("input x0 float 2\nn0 = Rleu x0\n" + call).substr(0, 67),
            "'n0 = Rleu x0': no op of these programs is called 'Rleu'; there are");
  EXPECT_EQ(refusal("input x0 float 2\nn0 = LeakyRelu x0 alhpa 0.5\n" + call),
            "'n0 = LeakyRelu x0 alhpa 0.5': LeakyRelu has no attribute 'alhpa' here, but alpha");
  EXPECT_EQ(refusal("input x0 float 2\nn0 = Relu x0 alpha 0.5\n" + call),
            "'n0 = Relu x0 alpha 0.5': Relu has no attribute 'alpha' here");
  // Whether a call fails for the model or since the op was freed could not be told.
  const std::string wrong =
      "input x0 float 2\nn0 = Flatten x0 axis 1\noutput n0\nwrong n0 axis 5\n";
  EXPECT_EQ(refusal(wrong + "c0: call a size 1 seed 0 times 1\n"), "");
  for (const char* const end : {"c0: free a\n", "c0: stop\n"})
    EXPECT_EQ(refusal(wrong + "c0: call a size 1 seed 0 times 1\n" + end),
              "a wrong model is one whose calls nothing else stops: no fault, free or stop");
  EXPECT_EQ(refusal("input x0 float 2\nn0 = Relu x9\n" + call),
            "'n0 = Relu x9': nothing before it is called 'x9'");
  EXPECT_EQ(refusal("input x0 float 2\nn0 = Relu x0 x0\n" + call),
            "'n0 = Relu x0 x0': Relu has 1 to 1 operands");
  EXPECT_EQ(refusal("input x0 float 2\nn0 = Relu x0\nfault n9 error hit 1\n" + call),
            "a fault strikes 'n9', and no node is called so");
  EXPECT_EQ(refusal("input x0 float 2\nn0 = Relu x0\noutput n0\n").substr(0, 12), "nobody calls");
  // Whoever asks for too much is told so, and the fuzzer does not die of it.
  const std::string pool = "n0 = MaxPool x0 kernel_shape 2 2 pads ";
  for (const char* const pads : {"99999999 0 2 2", "0 0 99999999 99999999"})
    EXPECT_NE(refusal("input x0 float 1 1 4 4\n" + pool + pads + "\n" + call)
                  .find("more than 4096 numbers"),
              std::string::npos);
  EXPECT_NE(refusal("input x0 float 9999 9999\nn0 = Relu x0\n" + call).find("line 2 "),
            std::string::npos);
}

TEST(ModelProgram, LosesWhatDependsOnALineThatIsGone) {
  const std::string program = std::string(kHead) +
                              "input x0 float N 2\nn1 = Relu n0\nn2 = Neg x0\noutput n1\n"
                              "fault n1 error hit 1\nc0: call a size 1 seed 0 times 1\n";
  EXPECT_EQ(*Mend(program), std::string(kHead) +
                                "input x0 float N 2\nn2 = Neg x0\noutput n2\n"
                                "c0: call a size 1 seed 0 times 1\n");
  EXPECT_FALSE(Mend(std::string(kHead) + "input x0 float N\nn0 = Relu x0\noutput n0\n").has_value())
      << "nobody calls";
}

// ---- the judge

struct Case {
  Program program;
  History history;
};

const char* const kGraph = "input x0 float N 3\nn0 = Relu x0\noutput n0\noutput x0\n";

// One caller after the other, all answers right.
Case Right(const std::string& calls, const std::string& graph = kGraph) {
  Case made{ParseProgram(kHead + graph + calls).value(), {}};
  const Program& p = made.program;
  uint64_t stamp = 1;
  const auto answer = [&](const Call& call, uint64_t seed) {
    Answer right{.caller = call.caller,
                 .verb = call.verb,
                 .op = call.op,
                 .size = call.size,
                 .seed = seed,
                 .begin = stamp,
                 .end = stamp + 1};
    stamp += 2;
    if (call.verb == Verb::kBad) right.code = TGT_INVALID_ARGUMENT;
    if (call.verb == Verb::kLook) right.footprint.compilations = 1;
    if (call.verb != Verb::kCall) return right;
    for (const Array& array : OutputsOf(p.graph, call.size, seed))
      right.outputs.push_back({TGT_FLOAT32, array.dims, array.numbers});
    return right;
  };
  made.history.callers.resize(static_cast<size_t>(Callers(p)));
  for (const Call& call : p.calls)
    made.history.callers[static_cast<size_t>(call.caller)].push_back(answer(call, call.seed));
  Rest& rest = made.history.rests.emplace_back();
  rest.looked = true;
  rest.footprint.in_flight_max = rest.footprint.compilations = 1;
  rest.footprint.requests = 2;
  rest.again = {answer({.size = 1}, 101), answer({.size = 1}, 102)};
  return made;
}

std::string Kind(const Case& made) {
  const auto finding = Judge(made.program, made.history);
  return finding.has_value() ? finding->contract + " " + finding->kind : "";
}

void Fail(Answer* answer, tgt_code code, const std::string& message) {
  answer->outputs.clear();
  answer->code = answer->error.code = code;
  std::strncpy(answer->error.message, message.c_str(), sizeof(answer->error.message) - 1);
}

const char* const kOne = "c0: call a size 1 seed 4 times 1\n";
const char* const kTwo = "c0: call a size 1 seed 4 times 1\nc1: call a size 1 seed 5 times 1\n";

TEST(ModelJudge, FindsNothingInWhatIsRight) {
  EXPECT_EQ(Kind(Right(kOne)), "");
  EXPECT_EQ(Kind(Right(std::string(kTwo) + "c1: bad a rank\nc0: look a\n")), "");
}

TEST(ModelJudge, ComparesEveryNumberAndShape) {
  Case made = Right(kOne);
  made.history.callers[0][0].outputs[1].numbers[2] += 1;
  EXPECT_EQ(Kind(made), "COP-9 a wrong answer to one caller");
  made = Right(kOne);
  made.history.callers[0][0].outputs[0].dims = {3, 1};
  EXPECT_EQ(Kind(made), "COP-9 a wrong answer to one caller");
  made = Right(kOne);
  made.history.rests[0].again[1].outputs[0].dtype = TGT_INT64;
  EXPECT_EQ(Kind(made), "COP-9 a wrong answer to one caller");
  made = Right(kTwo);
  made.history.callers[1][0].begin = made.history.callers[0][0].begin;
  made.history.callers[1][0].outputs = made.history.callers[0][0].outputs;
  EXPECT_EQ(Kind(made), "COP-1 a wrong answer") << "that of the other caller";
}

TEST(ModelJudge, AllowsForSlackAndNoMore) {
  const std::string tiles = "input x0 float 1 16 3 3\nn0 = Conv x0 {16,16,3,3:7}\noutput n0\n";
  Case made = Right(kOne, tiles);
  made.history.callers[0][0].outputs[0].numbers[2] += 0.005;
  EXPECT_EQ(Kind(made), "");
  made.history.callers[0][0].outputs[0].numbers[2] += 0.005;
  EXPECT_EQ(Kind(made), "COP-9 a wrong answer to one caller");
}

TEST(ModelJudge, SeesWhatChangesLater) {
  Case made = Right(kOne);
  made.history.callers[0][0].changed = true;
  EXPECT_EQ(Kind(made), "COP-1 a returned output changed");
  made = Right(kOne);
  made.history.callers[0][0].inputs_changed = true;
  EXPECT_EQ(Kind(made), "COP-1 an input changed");
  made = Right(kOne);
  made.history.parameters_changed = true;
  EXPECT_EQ(Kind(made), "COP-2 parameters changed");
}

Case Struck(const std::string& message) {
  Case made = Right(std::string("fault n0 error hit 1\n") + kTwo);
  made.history.strikes = {{.fault = 0, .request = 7}};
  Fail(&made.history.callers[0][0], TGT_DATA_LOSS, message);
  return made;
}

TEST(ModelJudge, WantsNodeRequestAndShapesOfEachFailure) {
  const std::string text = StrikeText(0);
  EXPECT_EQ(Kind(Struck("request 7: node 'n0' (float32[1,3]): " + text)), "");
  EXPECT_EQ(Kind(Struck("request 7: node 'n1' (float32[1,3]): " + text)),
            "COP-5 the node is not named");
  EXPECT_EQ(Kind(Struck("request 77: node 'n0' (float32[1,3]): " + text)),
            "COP-5 the request is not named");
  EXPECT_EQ(Kind(Struck("request 7: node 'n0' (float32[2,3]): " + text)),
            "COP-5 the shapes are not named");
  EXPECT_EQ(Kind(Struck("request 8: node 'n0' (float32[1,3]): " + StrikeText(1))),
            "COP-5 an error without a cause");
  EXPECT_EQ(Kind(Struck("request 7: node 'n0' (float32[1,3]): " + StrikeText(1))),
            "COP-5 the wrong error");
  Case made = Struck("request 7: node 'n0' (float32[1,3]): " + text);
  Fail(&made.history.callers[1][0], TGT_DATA_LOSS, "request 7: node 'n0' ([1,3]): " + text);
  EXPECT_EQ(Kind(made), "COP-5 one failure, two callers");
  made = Right(std::string("fault n0 error hit 1\n") + kOne);
  made.history.strikes = {{.fault = 0, .request = 7}};
  EXPECT_EQ(Kind(made), "COP-5 a failure is lost");
  made.history.rests[0].again[0] = made.history.callers[0][0];
  Fail(&made.history.rests[0].again[0], TGT_DATA_LOSS, text);
  EXPECT_EQ(Kind(made), "COP-5 a failure stays");
}

// A lack of memory says nothing of its own: one at an arena is told to one caller, one of a
// compilation to all who waited for it, and a target may call it an internal error.
TEST(ModelJudge, KnowsALackOfMemoryByWhatStruck) {
  Case made = Right("fault arena bad_alloc hit 1\nfault compile bad_alloc hit 1\n" +
                    std::string(kTwo) + "c2: call a size 1 seed 6 times 1\n");
  made.history.strikes = {{.fault = 0, .request = -1}, {.fault = 1, .request = -1}};
  for (auto& answers : made.history.callers) Fail(&answers[0], TGT_RESOURCE_EXHAUSTED, "memory");
  EXPECT_EQ(Kind(made), "") << "one by the arena, two by the compilation";
  made.history.strikes.pop_back();
  EXPECT_EQ(Kind(made), "COP-5 one failure, two callers");
  made = Right(std::string("fault n0 bad_alloc hit 1\n") + kOne);
  made.history.strikes = {{.fault = 0, .request = 7}};
  Fail(&made.history.callers[0][0], TGT_INTERNAL, "request 7: node 'n0' (float32[1,3]): memory");
  EXPECT_EQ(Kind(made), "");
  Fail(&made.history.callers[0][0], TGT_INTERNAL, "request 7: node 'n0' ([1,3]): " + StrikeText(4));
  EXPECT_EQ(Kind(made), "COP-5 the wrong error") << "the text is that of another strike";
}

TEST(ModelJudge, WantsACauseForEachRefusal) {
  Case made = Right(kTwo);
  Fail(&made.history.callers[1][0], TGT_RESOURCE_EXHAUSTED, "full");
  EXPECT_EQ(Kind(made), "COP-2 refused without a cause");
  made.program.flight = 1;
  made.history.callers[1][0].begin = made.history.callers[0][0].begin;
  EXPECT_EQ(Kind(made), "") << "one other is inside, and one may be";
  Fail(&made.history.callers[1][0], TGT_CONCURRENT_USE, "in use");
  EXPECT_EQ(Kind(made), "COP-6 refused without a cause") << "the op is for many threads";
  made.program.safe = false;
  EXPECT_EQ(Kind(made), "");
  made = Right(kOne);
  Fail(&made.history.callers[0][0], TGT_INVALID_ARGUMENT, "no");
  EXPECT_EQ(Kind(made), "COP-9 a right request is refused");
  made = Right(std::string(kOne) + "c0: bad a type\n");
  made.history.callers[0][1].code = TGT_OK;
  EXPECT_EQ(Kind(made), "COP-5 a wrong request is answered");
}

TEST(ModelJudge, KnowsWhenAnOpIsGone) {
  Case made = Right(std::string(kOne) + "c0: free a\nc0: look a\n");
  for (Answer& answer : made.history.rests[0].again) Fail(&answer, TGT_STALE_HANDLE, "gone");
  EXPECT_EQ(Kind(made), "COP-4 a freed op answers");
  Fail(&made.history.callers[0][2], TGT_STALE_HANDLE, "gone");
  made.history.rests[0].looked = false;
  EXPECT_EQ(Kind(made), "");
  made.history.callers[0][2] = made.history.callers[0][1];
  EXPECT_EQ(Kind(made), "COP-4 freed twice");
  made = Right(kOne);
  Fail(&made.history.callers[0][0], TGT_CLOSED, "gone");
  EXPECT_EQ(Kind(made), "COP-4 gone before the free");
  made = Right(std::string("c0: stop\n") + kOne);
  EXPECT_EQ(Kind(made), "ENG-9 a stopped engine answers");
  made = Right(kOne);
  Fail(&made.history.callers[0][0], TGT_STOPPED, "stopped");
  EXPECT_EQ(Kind(made), "COP-7 cancelled without a cause");
  made.history.callers[0][0].withdrawn = true;
  EXPECT_EQ(Kind(made), "");
  Fail(&made.history.callers[0][0], TGT_DEADLINE_EXCEEDED, "late");
  EXPECT_EQ(Kind(made), "COP-7 late without a deadline");
  made.history.callers[0][0].has_deadline = true;
  EXPECT_EQ(Kind(made), "");
  made.history.callers[0][0].answered = 2;
  EXPECT_EQ(Kind(made), "COP-7 answered twice");
}

TEST(ModelJudge, CountsWhatIsLeft) {
  const auto with = [](auto change) {
    Case made = Right(kTwo);
    change(&made.history);
    return Kind(made);
  };
  EXPECT_EQ(with([](History* h) { h->rests[0].footprint.in_flight = 1; }),
            "COP-2 requests left in flight");
  EXPECT_EQ(with([](History* h) { h->rests[0].footprint.in_flight_max = 3; }),
            "COP-2 too many in flight");
  EXPECT_EQ(with([](History* h) { h->rests[0].footprint.requests = 5; }),
            "COP-2 requests that nobody made");
  EXPECT_EQ(with([](History* h) { h->rests[0].footprint.compilations = 2; }),
            "COP-3 compiled too often");
  EXPECT_EQ(with([](History* h) {
              h->most_arena_bytes = 64;
              h->rests[0].footprint.arena_bytes = 192;
            }),
            "COP-2 too much memory is kept");
  EXPECT_EQ(with([](History* h) { h->told_to_engine = 1; }), "COP-8 a failure was told twice");
  EXPECT_EQ(with([](History* h) { h->has_engine_counts = true, h->engine.live_ops = 1; }),
            "COP-8 ops left in the engine");
  EXPECT_EQ(with([](History* h) { h->threads_left = 1; }), "COP-4 threads left");
  EXPECT_EQ(with([](History* h) { h->descriptors_left = 1; }), "COP-4 descriptors left");
  EXPECT_EQ(with([](History* h) { h->create = TGT_UNSUPPORTED; }), "COP-9 the model is refused");
}

TEST(ModelJudge, WantsCallsServedAsTheyCameAndForgotten) {
  Case made = Right(kTwo);
  const Answer one = made.history.rests[0].again[0];
  const auto arrival = [&](int caller) {
    Answer answer = one;
    answer.caller = caller;
    return answer;
  };
  made.history.served = {.told = true, .answers = {arrival(0), arrival(1), arrival(2)}};
  made.history.growth = {.bytes = 15 * 12, .times = 12};
  EXPECT_EQ(Kind(made), "");
  std::swap(made.history.served.answers[1], made.history.served.answers[2]);
  EXPECT_EQ(Kind(made), "COP-2 served out of order");
  made.history.served.told = false;
  EXPECT_EQ(Kind(made), "");
  made.history.growth.bytes = 16 * 12;
  EXPECT_EQ(Kind(made), "COP-2 calls are remembered");
  made.history.served.told = true;
  Fail(&made.history.served.answers[1], TGT_INTERNAL, "no");
  EXPECT_EQ(Kind(made), "COP-2 a call that waited was refused");
}

// A NaN that goes in comes out, and goes into no op that would round.
TEST(ModelOracle, TakesSpecialNumbersWhereNoneIsRounded) {
  const Array x = NumbersOf(*ParseConstant("{64:5s}"));
  const Values values = {{"x0", x}};
  const auto nans = [](const Array& array) {
    return std::count_if(array.numbers.begin(), array.numbers.end(),
                         [](double number) { return std::isnan(number); });
  };
  ASSERT_GT(nans(x), 0);
  for (const char* const line : {"n0 = Relu x0", "n0 = Max {1:1} x0", "n0 = Min x0 {1:1}",
                                 "n0 = Clip x0 min -2 max 2", "n0 = Neg x0"}) {
    const auto made = ComputeNode(*ParseNode(line), values);
    ASSERT_TRUE(made.has_value()) << line;
    EXPECT_EQ(nans((*made)[0]), nans(x)) << line;
    EXPECT_TRUE((*made)[0].special) << line;
  }
  EXPECT_FALSE(ComputeNode(*ParseNode("n0 = Add x0 x0"), values).has_value());
}

// Whether an op fits does not depend on the numbers, of which each call has others.
TEST(ModelOracle, TakesNonfiniteNumbersWhereverTheyComeOut) {
  Array x = Floats({1, 1, 2, 2}, {std::nan(""), 1, std::numeric_limits<double>::infinity(), 0});
  x.nonfinite = true;
  const Values values = {{"x0", x}};
  const auto line = [&](const char* text) { return ComputeNode(*ParseNode(text), values); };
  const Array conv = (*line("n0 = Conv x0 {1,1,2,1:4}"))[0];
  EXPECT_TRUE(std::isnan(conv.numbers[0]) && std::isfinite(conv.numbers[1]) && conv.nonfinite);
  EXPECT_EQ((*line("n0 = HardSigmoid x0 alpha 0.5 beta 0.5"))[0].numbers[2], 1);
  EXPECT_TRUE(line("n0 = Clip x0 min 0 max 1").has_value());
  EXPECT_FALSE(line("n0 = Clip x0 min 0").has_value());
  EXPECT_FALSE(line("n0 = Cast x0 to 7").has_value());
  EXPECT_FALSE(line("n0 = MaxPool x0 kernel_shape 2 2").has_value());
}

}  // namespace
}  // namespace tenter::fuzz::model
