// Inputs are what their seed says, wrong answers end a measurement, time counts from when a
// question was due, and our contender and the absent ones do as they say.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "bench/inference/load.h"
#include "bench/inference/loops.h"
#include "bench/inference/wrong.h"
#include "bench/model/openvino_peer.h"
#include "bench/model/ort_peer.h"
#include "bench/model/our_model.h"
#include "runtime/base/clock.h"
#include "runtime/base/mutex.h"
#include "runtime/capi/contract/relu_model.h"

namespace tenter::bench {
namespace {

ModelOptions ReluOptions() {
  ModelOptions options;
  options.model.path = testing::TempDir() + "model_bench_relu.onnx";
  std::ofstream(options.model.path, std::ios::binary) << ReluModelBytes();
  options.model.inputs = {ParsePort("x=float32:3,4").value()};
  options.model.outputs = {"y"};
  options.repeats = 2;
  options.block_ms = 20;
  options.clients = 3;
  options.peers = false;
  return options;
}

std::vector<ModelContenderPtr> One(ModelContenderPtr contender) {
  std::vector<ModelContenderPtr> contenders;
  contenders.push_back(std::move(contender));
  return contenders;
}

// What a measurement ends with.
template <typename Body>
std::string WrongIn(const Body& body) {
  try {
    body();
  } catch (const WrongAnswer& wrong) {
    return wrong.what();
  }
  return "nothing";
}

TEST(Port, IsReadFromTheCommandLine) {
  const Result<Port> port = ParsePort("a=b:c=int64:1,30");
  ASSERT_TRUE(port.ok());
  EXPECT_EQ(port->name, "a=b:c");
  EXPECT_EQ(port->element, Element::kInt64);
  EXPECT_EQ(port->dims, (std::vector<int64_t>{1, 30}));
  EXPECT_EQ(port->bytes(), 240u);
  EXPECT_EQ(ParsePort("x=float64:")->bytes(), 8u) << "a scalar";
  for (const char* bad :
       {"x", "x=float32", "x=half:1", "x=float32:0", "x=float32:1;2", "x:float32=1"})
    EXPECT_FALSE(ParsePort(bad).ok()) << bad;
}

TEST(Inputs, ComeFromTheSeedAlone) {
  const std::vector<Port> ports = {ParsePort("x=float32:50").value(),
                                   ParsePort("y=int64:50").value()};
  const Inputs inputs = Inputs::Make(ports, 2, 7), same = Inputs::Make(ports, 2, 7);
  for (size_t input = 0; input < 2; ++input) {
    const size_t bytes = ports[input].bytes();
    EXPECT_EQ(std::memcmp(inputs.data(1, input), same.data(1, input), bytes), 0);
    EXPECT_NE(std::memcmp(inputs.data(0, input), inputs.data(1, input), bytes), 0);
  }
  const Inputs other = Inputs::Make(ports, 2, 8);
  EXPECT_NE(std::memcmp(inputs.data(0, 0), other.data(0, 0), ports[0].bytes()), 0);
  for (int i = 0; i < 50; ++i) {
    EXPECT_LE(std::fabs(reinterpret_cast<const float*>(inputs.data(0, 0))[i]), 1.0f);
    EXPECT_LE(static_cast<uint64_t>(reinterpret_cast<const int64_t*>(inputs.data(0, 1))[i]), 1u);
  }
}

Answer Of(const std::vector<float>& values) {
  return {Element::kFloat32, values.data(), values.size() * sizeof(float)};
}

TEST(FirstAnswers, HoldToTheSameBitsOrToTheTolerance) {
  const std::vector<float> first = {1, NAN, 0}, near = {1.0009f, NAN, -0.9e-5f},
                           far = {1.0011f, NAN, 0}, number = {1, 2, 0}, shorter = {1, NAN};
  FirstAnswers exact("A", true), loose("B", false);
  exact.Keep({Of(first)});
  loose.Keep({Of(first)});
  const auto told = [](const FirstAnswers& answers, const std::vector<float>& values) {
    return WrongIn([&] { answers.Check(0, {Of(values)}); });
  };
  EXPECT_EQ(told(exact, first), "nothing") << "a NaN of the same bits";
  EXPECT_EQ(told(loose, near), "nothing");
  EXPECT_EQ(told(exact, near),
            "A answers otherwise than at first, set of inputs 0: result 0, element "
            "0 is 1.00090003 and not 1");
  EXPECT_NE(told(loose, far).find("element 0"), std::string::npos);
  EXPECT_NE(told(loose, number).find("element 1 is 2 and not nan"), std::string::npos);
  EXPECT_NE(told(loose, shorter).find("another type or size"), std::string::npos);
  EXPECT_NE(WrongIn([&] { loose.Check(0, {}); }).find("number of results"), std::string::npos);
  FirstAnswers other("C", true);
  other.Keep({Of(far)});
  EXPECT_EQ(WrongIn([&] { other.CheckAgainst(loose); }).substr(0, 29),
            "C answers otherwise than B, s");
}

TEST(Field, OurContenderRunsEveryLoop) {
  const ModelOptions options = ReluOptions();
  for (const auto loop : {MeasureLatency, MeasureClients, MeasureOpenLoop}) {
    Results results;
    const int clients = loop == MeasureLatency ? 1 : 3;
    Field field(options, {.clients = clients}, Contenders(options, results), results);
    const std::vector<Row> rows = loop(field, options);
    ASSERT_EQ(rows.size(), clients == 1 ? 2u : 1u) << "a confined one has one client";
    for (const Row& row : rows) {
      EXPECT_GT(row.executed, 0u);
      for (const auto& [name, series] : row.series)
        EXPECT_EQ(series.size(), name == "per_s" ? options.repeats : row.executed) << name;
    }
  }
}

TEST(Field, AWrongContenderEndsTheMeasurement) {
  ModelOptions options = ReluOptions();
  Results results;
  options.planted = "other";
  EXPECT_NE(WrongIn([&] {
              Field(options, {}, Contenders(options, results), results);
            }).find("planted: wrong answers otherwise than Tenter"),
            std::string::npos);
  for (const auto loop : {MeasureLatency, MeasureClients, MeasureOpenLoop}) {
    options.planted = "changing";
    options.repeats = 1;  // so that no other block starts with answers that would tell, too
    options.block_ms = 400;
    options.rate = 1000;
    Field field(options, {.clients = 3}, Contenders(options, results), results);
    EXPECT_NE(WrongIn([&] { loop(field, options); }).find("otherwise than at first"),
              std::string::npos);
  }
}

// Takes 60 ms for the tenth question and no time for any other one.
class Stalling final : public ModelContender {
 public:
  class Client final : public ModelClient {
   public:
    void Infer(size_t) override {
      if (++asked_ == 10) SleepNs(60 * kNsPerMs);
    }
    std::vector<Answer> answers() const override { return {}; }

   private:
    int asked_ = 0;
  };
  Description description() const override { return {"stalling", "Stalling", ""}; }
  void Load(const ModelFile&, const Setup&) override {}
  std::unique_ptr<ModelClient> NewClient(const Inputs&) override {
    return std::make_unique<Client>();
  }
  void Unload() override {}
};

TEST(OpenLoop, CountsFromWhenAQuestionWasDue) {
  ModelOptions options = ReluOptions();
  options.clients = 1;
  options.repeats = 1;
  options.rate = 200;
  options.block_ms = 200;
  Results results;
  Field field(options, {}, One(std::make_unique<Stalling>()), results);
  const Row row = MeasureOpenLoop(field, options).front();
  ASSERT_EQ(row.executed, 41u) << "at 0, 5 ... 200 ms, whatever the answers take";
  uint64_t waited = 0;
  for (const double latency : row.series.at("latency_ns")) waited += latency > 10 * kNsPerMs;
  EXPECT_GE(waited, 9u) << "those that were due meanwhile waited for 55, 50 ... ms";
}

// One question at a time, 2 ms each, however many ask.
class Narrow final : public ModelContender {
 public:
  class Client final : public ModelClient {
   public:
    explicit Client(Mutex& door) : door_(door) {}
    void Infer(size_t) override {
      MutexLock lock(door_);
      SleepNs(2 * kNsPerMs);
    }
    std::vector<Answer> answers() const override { return {}; }

   private:
    Mutex& door_;
  };
  Description description() const override { return {"narrow", "Narrow", ""}; }
  void Load(const ModelFile&, const Setup&) override {}
  std::unique_ptr<ModelClient> NewClient(const Inputs&) override {
    return std::make_unique<Client>(door_);
  }
  void Unload() override {}

 private:
  Mutex door_;
};

TEST(Clients, SumToWhatAllGotTogether) {
  ModelOptions options = ReluOptions();
  options.clients = 32;
  options.repeats = 3;
  Results results;
  Field field(options, {}, One(std::make_unique<Narrow>()), results);
  const Row row = MeasureClients(field, options).front();
  for (const double per_s : row.series.at("per_s")) {
    EXPECT_LE(per_s, 500.0) << "each 2 ms at the least";
    EXPECT_GT(per_s, 50.0);
  }
  EXPECT_GE(row.executed, 3 * 32u);
}

// Cannot load anything.
class Unable final : public ModelContender {
 public:
  Unable(std::string name, StatusCode code) : name_(std::move(name)), code_(code) {}
  Description description() const override { return {name_, "Unable", ""}; }
  void Load(const ModelFile&, const Setup&) override { throw StatusError({code_, "no such op"}); }
  std::unique_ptr<ModelClient> NewClient(const Inputs&) override { return nullptr; }
  void Unload() override {}

 private:
  const std::string name_;
  const StatusCode code_;
};

TEST(Field, WhoCannotLoadIsAbsentWithTheReason) {
  const ModelOptions options = ReluOptions();
  const auto enter = [&](const char* name, StatusCode code) {
    Results results;
    Field field(options, {}, One(std::make_unique<Unable>(name, code)), results);
    EXPECT_TRUE(field.entrants().empty());
    return results.contenders.at(0).absent;
  };
  EXPECT_EQ(enter("peer", StatusCode::kInternal), "internal: no such op");
  EXPECT_EQ(enter("tenter", StatusCode::kUnsupported), "unsupported: no such op");
  EXPECT_THROW(enter("tenter", StatusCode::kInternal), StatusError) << "ours is broken";
}

TEST(Peers, AreAbsentWithAReason) {
  Results results;
  ModelOptions options = ReluOptions();
  options.peers = true;
  EXPECT_EQ(Contenders(options, results).size(), 2u);
  ASSERT_EQ(results.contenders.size(), 2u);
  EXPECT_NE(results.contenders[1].absent.find("./tenter bench model --peers"), std::string::npos);
  for (const auto& make : {MakeOrtPeer, MakeOpenvinoPeer}) {
    EXPECT_FALSE(make("/nowhere/lib.so").ok());
    EXPECT_NE(make("libc.so.6").status().message().find("has no "), std::string::npos)
        << make("libc.so.6").status().message();
  }
}

TEST(Load, TellsTimeAndMemory) {
  ModelOptions options = ReluOptions();
  options.contender = "tenter";
  Results results;
  const std::vector<Row> rows = MeasureLoad(options, results);
  ASSERT_EQ(rows.size(), 1u);
  const auto at = [&](const char* name) { return rows[0].series.at(name).at(0); };
  EXPECT_EQ(at("file_bytes"), static_cast<double>(ReluModelBytes().size()));
  EXPECT_GT(at("load_ns"), 0);
  EXPECT_GT(at("first_ns"), 0);
  EXPECT_LE(at("load_peak_bytes"), at("peak_bytes"));
  EXPECT_GE(at("mapped_bytes"), 0);
  options.contender = "onnxruntime";
  options.peers = true;
  EXPECT_TRUE(MeasureLoad(options, results).empty());
}

TEST(ModelOptions, AreReadOrRefusedWithALine) {
  const auto parse = [](std::vector<const char*> words) {
    words.insert(words.begin(), "model_bench");
    return ParseModelOptions(static_cast<int>(words.size()), const_cast<char**>(words.data()));
  };
  const Result<ModelOptions> read =
      parse({"--model", "m", "--input", "x=float32:2", "--output", "y", "--first-round", "0",
             "--peers", "no", "--rate", "7"});
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->rate, 7u);
  EXPECT_FALSE(read->peers);
  EXPECT_FALSE(parse({"--model", "m"}).ok()) << "no output";
  EXPECT_FALSE(parse({"--output", "y"}).ok()) << "no model";
  EXPECT_FALSE(parse({"--model", "m", "--output", "y", "--rate", "0"}).ok());
  EXPECT_FALSE(parse({"--model", "m", "--output", "y", "--fast", "1"}).ok());
  EXPECT_FALSE(parse({"--model", "m", "--output"}).ok());
}

}  // namespace
}  // namespace tenter::bench
