// Profiles are read as their runtimes write them, what cannot be read is told, and who keeps one
// answers as the one that keeps none.
#include "bench/inference/profile.h"

#include <gtest/gtest.h>

#include <fstream>

#include "bench/inference/wrong.h"
#include "bench/model/openvino_profile.h"
#include "bench/model/ort_profile.h"
#include "bench/model/our_model.h"
#include "bench/model/our_steps.h"
#include "runtime/capi/contract/relu_model.h"

namespace tenter::bench {
namespace {

std::string Node(const std::string& name, const std::string& op, int index, int start, int took) {
  return R"({"cat":"Node","pid":1,"tid":1,"ph":"X","name":")" + name + R"(_kernel_time","ts":)" +
         std::to_string(start) + R"(,"dur":)" + std::to_string(took) + R"(,"args":{"op_name":")" +
         op + R"(","node_index":")" + std::to_string(index) +
         R"(","provider":"CPUExecutionProvider"}},)";
}

// Behind the nodes of an answer.
const std::string kEnd = R"({"cat":"Session","name":"model_run","ts":0,"dur":9,"args":{}},)";
const std::string kLoaded =
    R"({"cat":"Session","name":"session_initialization","ts":0,"dur":9,"args":{}},)";

std::string List(const std::string& events) { return "[\n" + events + "\n{}]"; }

TEST(OrtProfile, HasTheMeanOfTheAnswersThatCount) {
  const std::string text = List(kLoaded + Node("a", "Conv", 0, 10, 900) + kEnd +
                                Node("a", "Conv", 0, 20, 10) + Node("b", "Relu", 7, 30, 4) + kEnd +
                                Node("a", "Conv", 0, 40, 20) + Node("b", "Relu", 7, 60, 5) + kEnd);
  const auto nodes = ReadOrtProfile(text, 3, 1);
  ASSERT_TRUE(nodes.ok()) << nodes.status().message();
  ASSERT_EQ(nodes->size(), 2u);
  EXPECT_EQ((*nodes)[0].node.name, "a");
  EXPECT_EQ((*nodes)[0].node.op, "Conv");
  EXPECT_EQ((*nodes)[0].ns, 15'000) << "900 us were before";
  EXPECT_EQ((*nodes)[1].ns, 4'500);
}

TEST(OrtProfile, TellsNodesOfOneNameApart) {
  const auto nodes =
      ReadOrtProfile(List(Node("a", "Add", 1, 10, 3) + Node("a", "Add", 2, 14, 5) + kEnd), 1, 0);
  ASSERT_EQ(nodes.value().size(), 2u);
  EXPECT_EQ(nodes.value()[1].ns, 5'000);
}

TEST(OrtProfile, HasNoTimeTwice) {
  const auto nodes =
      ReadOrtProfile(List(Node("before", "Relu", 0, 10, 0) + Node("inside", "Add", 0, 11, 5) +
                          Node("branch", "If", 1, 11, 9) + Node("behind", "Relu", 2, 20, 1) + kEnd),
                     1, 0);
  std::string names;
  for (const NodeTime& node : nodes.value()) names += node.node.name + " ";
  EXPECT_EQ(names, "before branch behind ");
}

TEST(OrtProfile, WhatCannotBeReadIsToldInALine) {
  const auto told = [](const std::string& text, uint64_t answers = 1) {
    return ReadOrtProfile(text, answers, 0).status().message();
  };
  EXPECT_NE(told("[{\"cat\":").find("cannot be read"), std::string::npos);
  EXPECT_NE(told("").find("cannot be read"), std::string::npos) << "there is no file";
  EXPECT_NE(told("{}").find("is no list of events"), std::string::npos);
  EXPECT_NE(told(List(R"({"cat":"Node","name":"a_kernel_time"},)")).find("cannot be read"),
            std::string::npos)
      << "a node without a time";
  EXPECT_NE(told(List(Node("a", "Conv", 0, 1, 1) + kEnd), 2).find("has 1 answers, and not 2"),
            std::string::npos);
  EXPECT_NE(told(List(kEnd)).find("has no node"), std::string::npos);
}

Reading Read(uint64_t answers, int64_t conv_us, int64_t pool_us) {
  return {answers,
          {{"x", "Parameter", "unknown_f32", 0},
           {"Multiply_12", "Convolution", "brgconv_avx512_f32", conv_us},
           {"bias", "Add", "undef", 0},
           {"relu", "Relu", "undef", 0},
           {"pool", "MaxPool", "jit_avx512_f32", pool_us},
           {"y", "Result", "unknown_f32", 0}}};
}

TEST(OpenvinoProfile, HasTheMeanBetweenTwoReadings) {
  const auto nodes = NodesBetween(Read(4, 100, 2), Read(14, 50, 1));
  ASSERT_TRUE(nodes.ok());
  ASSERT_EQ(nodes->size(), 2u) << "inputs and results take nothing";
  const NodeTime& conv = (*nodes)[0];
  EXPECT_EQ(conv.node.name, "Multiply_12");
  EXPECT_EQ(conv.node.kernel, "brgconv_avx512_f32");
  EXPECT_EQ(conv.node.does, (std::vector<std::string>{"bias", "relu"}));
  EXPECT_EQ(conv.ns, 30'000) << "700 us of 14 answers but for the 400 of the first 4";
  EXPECT_EQ((*nodes)[1].ns, 600);
  EXPECT_EQ(NodesBetween(Read(4, 9, 1), Read(5, 3, 0)).value()[1].ns, 0) << "no time is negative";
}

TEST(OpenvinoProfile, OtherNodesAreRefused) {
  Reading other = Read(8, 1, 1);
  other.nodes[4].name = "pool_1";
  EXPECT_EQ(NodesBetween(Read(4, 1, 1), other).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(NodesBetween({.answers = 1}, {.answers = 2}).status().code(), StatusCode::kDataLoss);
}

TEST(OpenvinoProfile, ACounterOfAnotherFormIsRefused) {
  OpenvinoLibrary::Counter counters[] = {{2, 7, 7, "a", "jit", "Convolution"},
                                         {0, 0, 0, "b", "undef", "Relu"}};
  EXPECT_EQ(ReadingOf({counters, 2}, 3).nodes[0].mean_us, 7);
  for (const OpenvinoLibrary::Counter& other :
       {OpenvinoLibrary::Counter{3, 7, 7, "a", "jit", "Convolution"},
        OpenvinoLibrary::Counter{2, -1, 7, "a", "jit", "Convolution"},
        OpenvinoLibrary::Counter{2, 7, 7, nullptr, "jit", "Convolution"}}) {
    counters[0] = other;
    EXPECT_THROW(ReadingOf({counters, 2}, 3), StatusError);
  }
}

ModelOptions ReluOptions() {
  ModelOptions options;
  options.model.path = testing::TempDir() + "profile_relu.onnx";
  std::ofstream(options.model.path, std::ios::binary) << ReluModelBytes();
  options.model.inputs = {ParsePort("x=float32:3,4").value()};
  options.model.outputs = {"y"};
  options.repeats = 2;
  options.block_ms = 5;
  options.peers = false;
  return options;
}

std::vector<ModelContenderPtr> One(ModelContenderPtr contender) {
  std::vector<ModelContenderPtr> contenders;
  contenders.push_back(std::move(contender));
  return contenders;
}

TEST(MeasureProfile, HasEveryRoundOfEveryStepOfOurs) {
  const ModelOptions options = ReluOptions();
  Results results;
  Field field(options, {}, Contenders(options, results), results);
  const auto rows = MeasureProfile(field, options, ProfiledContenders(field, options), results);
  ASSERT_EQ(rows.size(), 2u) << "ours, and the confined one, which keeps no profile";
  EXPECT_EQ(rows[0].series.at("latency_ns").size(), rows[0].executed);
  EXPECT_EQ(rows[0].series.at("round").back(), 1);
  ASSERT_EQ(results.profiles.size(), 1u);
  const Profile& ours = results.profiles[0];
  EXPECT_EQ(ours.contender, "tenter");
  EXPECT_EQ(ours.absent, "");
  ASSERT_EQ(ours.nodes.size(), 2u);
  EXPECT_EQ(ours.nodes[0].op, "Relu");
  EXPECT_EQ(ours.nodes[0].does, (std::vector<std::string>{"between"}));
  EXPECT_EQ(ours.nodes[0].makes, "float32[3,4]");
  for (const std::vector<double>& of_step : ours.ns) {
    ASSERT_EQ(of_step.size(), options.repeats);
    for (const double ns : of_step) EXPECT_GT(ns, 0);
  }
  ASSERT_EQ(ours.answer_ns.size(), options.repeats);
  for (size_t round = 0; round < options.repeats; ++round)
    EXPECT_GT(ours.answer_ns[round], ours.ns[0][round] + ours.ns[1][round]) << "the whole";
}

TEST(MeasureProfile, WhoKeepsNoneIsAbsentWithTheReason) {
  const ModelOptions options = ReluOptions();
  Results results;
  Field field(options, {}, Contenders(options, results), results);
  MeasureProfile(field, options, One(MakeOurModel(Sharing::kConfined)), results);
  ASSERT_EQ(results.profiles.size(), 1u);
  EXPECT_EQ(results.profiles[0].contender, "tenter_confined");
  EXPECT_EQ(results.profiles[0].absent, "unsupported: it keeps no profile");
  EXPECT_TRUE(results.profiles[0].nodes.empty());
  EXPECT_TRUE(results.profiles[0].answer_ns.empty());
}

// Our steps, of which the last byte of the first result is another one.
class OtherSteps final : public ModelContender {
 public:
  Description description() const override { return {"tenter", "planted", ""}; }
  void Load(const ModelFile& model, const Setup& setup) override { wrong_->Load(model, setup); }
  std::unique_ptr<ModelClient> NewClient(const Inputs& inputs) override {
    return wrong_->NewClient(inputs);
  }
  void Unload() override { wrong_->Unload(); }

 private:
  const ModelContenderPtr wrong_ = MakeWrong(MakeOurSteps(), Wrongness::kOther);
};

TEST(MeasureProfile, WhoAnswersOtherwiseWithItsProfileHasNoFigure) {
  const ModelOptions options = ReluOptions();
  Results results;
  Field field(options, {}, Contenders(options, results), results);
  try {
    MeasureProfile(field, options, One(std::make_unique<OtherSteps>()), results);
    FAIL() << "nobody saw it";
  } catch (const WrongAnswer& wrong) {
    EXPECT_EQ(std::string(wrong.what()).substr(0, 55),
              "planted, with a profile answers otherwise than Tenter, ");
  }
  EXPECT_TRUE(results.profiles.empty());
}

}  // namespace
}  // namespace tenter::bench
