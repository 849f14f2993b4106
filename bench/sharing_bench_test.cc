// Every way is measured on a small model, an answer of another request is counted as a mismatch,
// and a block lasts until everybody had an answer.
#include <gtest/gtest.h>

#include <fstream>

#include "bench/inference/wrong.h"
#include "bench/model/our_model.h"
#include "bench/sharing/arrangement.h"
#include "bench/sharing/callers.h"
#include "bench/sharing/sharing.h"
#include "runtime/base/clock.h"
#include "runtime/capi/contract/relu_model.h"

namespace tenter::bench {
namespace {

constexpr const char* kOurs[] = {"shared", "shared_waiting", "op_per_caller", "model_per_caller",
                                 kProcesses};

ModelOptions ReluOptions() {
  ModelOptions options;
  options.model.path = testing::TempDir() + "sharing_bench_relu.onnx";
  std::ofstream(options.model.path, std::ios::binary) << ReluModelBytes();
  options.model.inputs = {ParsePort("x=float32:3,4").value()};
  options.model.outputs = {"y"};
  options.block_ms = 20;
  options.clients = 6;
  return options;
}

double At(const Row& row, const char* name) { return row.series.at(name).at(0); }

TEST(Sharing, EveryWayOfOursIsMeasured) {
  for (const char* way : kOurs) {
    for (const uint64_t in_flight : {1, 2, 6}) {
      ModelOptions options = ReluOptions();
      options.part = way;
      options.clients = in_flight;
      Results results;
      const std::vector<Row> rows = MeasureSharing(options, results);
      ASSERT_EQ(rows.size(), 1u) << results.contenders.at(0).absent;
      const Row& row = rows[0];
      EXPECT_EQ(row.contender, way);
      EXPECT_GE(row.executed, 10u);
      EXPECT_EQ(At(row, "mismatches"), 0) << way;
      EXPECT_EQ(At(row, "unanswered"), 0) << way;
      EXPECT_GT(At(row, "per_s"), 0);
      EXPECT_LE(At(row, "p50_ns"), At(row, "p99_ns"));
      EXPECT_LE(At(row, "steady_bytes"), At(row, "peak_bytes"));
      const bool ahead = std::string(way) == "shared" && in_flight > kAhead;
      EXPECT_EQ(row.parameters.at("ahead"), ahead);
      EXPECT_EQ(row.parameters.at("processes"), way == std::string(kProcesses) ? in_flight : 1);
      EXPECT_EQ(results.contenders.at(0).absent, "");
    }
  }
}

TEST(Sharing, TheAnswerOfAnotherRequestIsAMismatch) {
  for (const char* way : kOurs) {
    ModelOptions options = ReluOptions();
    options.part = way;
    options.planted = "swapped";
    Results results;
    const Row row = MeasureSharing(options, results).at(0);
    EXPECT_GE(At(row, "mismatches"), static_cast<double>(row.executed)) << "every one";
    ASSERT_EQ(results.facts.size(), 1u);
    EXPECT_EQ(results.facts.begin()->first, "mismatch: " + std::string(way) + ", 6 in flight");
    EXPECT_NE(results.facts.begin()->second.find("otherwise than at first"), std::string::npos);
  }
}

TEST(Callers, SeeAContenderThatBecomesWrong) {
  const ModelOptions options = ReluOptions();
  const Inputs inputs = Inputs::Make(options.model.inputs, 4, 1);
  const ModelContenderPtr wrong = MakeWrong(MakeOurModel(Sharing::kShared), Wrongness::kChanging);
  wrong->Load(options.model, {.clients = 2});
  FirstAnswers first("Wrong", true);
  std::vector<std::unique_ptr<ModelClient>> clients;
  for (int i = 0; i < 2; ++i) clients.push_back(wrong->NewClient(inputs));
  for (size_t set = 0; set < 4; ++set) {
    clients[0]->Infer(set);
    first.Keep(clients[0]->answers());
  }
  AnswerLog log(2, 400 * kNsPerMs);
  AskAndWait(clients, 4, first, log);
  const Block block = log.Take();
  EXPECT_GT(block.mismatches, 0u) << "from the fiftieth answer on";
  EXPECT_LT(block.mismatches, block.latencies.size() + 6) << "and not before";
  clients.clear();
  wrong->Unload();
}

// Answers at once, in the thread that asks; the fifth question fails.
class Failing final : public AskingClient {
 public:
  void Ask(size_t, Answered answered) override {
    const bool fails = ++asked_ == 5;
    answered(fails ? Status(StatusCode::kInternal, "the fifth") : Status(), {});
  }

 private:
  int asked_ = 0;
};

TEST(Callers, AFailureEndsTheBlockOfAll) {
  std::vector<std::unique_ptr<AskingClient>> clients;
  clients.push_back(std::make_unique<Failing>());
  FirstAnswers first("Failing", true);
  first.Keep({});
  AnswerLog log(1, kNsPerSecond);
  AskAhead(clients, 1, 1, first, log);
  EXPECT_THROW(log.Take(), StatusError);
}

TEST(AnswerLog, ABlockBeginsAndEndsWhenEverybodyHadAnAnswer) {
  FirstAnswers first("A", true);
  first.Keep({});
  AnswerLog log(3, 100);
  log.Begin();
  int64_t now = 1000;
  const auto answer = [&](size_t place, int64_t asked) {
    now += 10;
    log.Answered({0, place, asked}, {}, first, now);
  };
  for (size_t place = 0; place < 3; ++place) answer(place, 900);
  for (int i = 0; i < 30; ++i) answer(1, now);
  answer(0, now);
  EXPECT_FALSE(log.ended()) << "one had none";
  answer(2, 1000);
  EXPECT_TRUE(log.ended());
  const Block block = log.Take();
  EXPECT_EQ(block.start_ns, 1030);
  EXPECT_EQ(block.end_ns, 1350);
  EXPECT_EQ(block.latencies.size(), 32u);
  EXPECT_EQ(block.Quantile(0.5), 10);
  EXPECT_EQ(block.Quantile(1), 350) << "who waited longest tells";
  EXPECT_EQ(block.per_s(), 1e8);
}

TEST(AnswerLog, WhoNeverHasAnAnswerDoesNotHoldUpTheOthersForEver) {
  FirstAnswers first("A", true);
  first.Keep({});
  AnswerLog log(2, 100);
  log.Begin();
  for (int64_t now = 0; !log.ended(); now += 10) log.Answered({0, 0, now}, {}, first, now);
  const Block block = log.Take();
  EXPECT_EQ(block.end_ns - block.start_ns, 10000) << "a hundred times as long";
  EXPECT_EQ(block.unanswered, 1u);
}

TEST(Sharing, WhatCannotBeMeasuredIsAbsentWithAReason) {
  ModelOptions options = ReluOptions();
  const auto absent = [&](const char* way) {
    options.part = way;
    Results results;
    EXPECT_TRUE(MeasureSharing(options, results).empty());
    EXPECT_EQ(results.contenders.at(0).name, way);
    return results.contenders.at(0).title + ": " + results.contenders.at(0).absent;
  };
  EXPECT_NE(absent("onnxruntime_each").find("ONNX Runtime, a session per caller: no "),
            std::string::npos);
  EXPECT_NE(absent("openvino").find("--peers"), std::string::npos);
  std::ofstream(options.model.path) << "no model";
  for (const char* way : kOurs) EXPECT_NE(absent(way).find("Tenter, "), std::string::npos);
  Results results;
  options.part = "no way";
  EXPECT_THROW(MeasureSharing(options, results), StatusError);
}

}  // namespace
}  // namespace tenter::bench
