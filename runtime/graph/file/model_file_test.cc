// What of a model file is read when, and what it costs: the file is walked without the elements of
// its tensors, and these come once, to the place where they stay.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "runtime/graph/file/onnx_testing.h"
#include "runtime/graph/large_constant.h"
#include "runtime/graph/onnx_import.h"
#include "runtime/graph/rewrites.h"

#if defined(__SANITIZE_ADDRESS__)
#define TENTER_OF_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TENTER_OF_ASAN 1
#endif
#endif

namespace tenter {
namespace {

// A file that is gone with the test.
class ModelFile {
 public:
  ModelFile(const std::string& name, const std::string& bytes)
      : path_(testing::TempDir() + "tenter_" + std::to_string(getpid()) + "_" + name) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~ModelFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

std::vector<float> Counting(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 1.0f);
  return values;
}

// y = x + w, with so many numbers in w.
onnx::ModelProto ModelOf(const std::vector<float>& w) {
  onnx::ModelProto model = SmallModel();
  model.mutable_graph()->clear_initializer();
  AddInitializer(model, "w", {static_cast<int64_t>(w.size() / 2), 2}, w);
  return model;
}

// The only constant of the graph.
std::vector<float> ConstantOf(const Graph& graph) {
  for (const Value& value : graph.values) {
    if (!value.constant) continue;
    const auto* const first = value.constant->data<float>();
    return {first, first + value.constant->shape().NumElements()};
  }
  return {};
}

std::vector<float> Loaded(const Result<Graph>& imported) {
  EXPECT_TRUE(imported.ok()) << imported.status().ToString();
  return imported.ok() ? ConstantOf(Simplify(*imported).value()) : std::vector<float>();
}

TEST(ModelFile, HasItsElementsWhereverItLies) {
  for (const size_t count : {size_t{2}, kLargeBytes / sizeof(float), size_t{100002}}) {
    const std::vector<float> w = Counting(count);
    const std::string bytes = ModelOf(w).SerializeAsString();
    const ModelFile file("elements.onnx", bytes);
    EXPECT_EQ(Loaded(ImportOnnx(file.path())), w) << count;
    EXPECT_EQ(Loaded(ImportOnnxBytes(bytes, "m")), w) << count;
  }
}

TEST(ModelFile, ElementsMayBeTyped) {
  const std::vector<float> w = Counting(10000);
  onnx::ModelProto model = ModelOf(w);
  onnx::TensorProto* const tensor = model.mutable_graph()->mutable_initializer(0);
  tensor->clear_raw_data();
  for (const float value : w) tensor->add_float_data(value);
  const ModelFile file("typed.onnx", model.SerializeAsString());
  EXPECT_EQ(Loaded(ImportOnnx(file.path())), w);
}

TEST(ModelFile, ElementsMayBelongToANode) {
  const std::vector<float> w = Counting(10000);
  onnx::ModelProto model = ModelOf(w);
  onnx::NodeProto* const node = AddNode(model, "Constant", "constant", {}, "w");
  onnx::AttributeProto* const attribute = node->add_attribute();
  attribute->set_name("value");
  attribute->set_type(onnx::AttributeProto::TENSOR);
  *attribute->mutable_t() = model.graph().initializer(0);
  model.mutable_graph()->clear_initializer();
  const ModelFile file("node.onnx", model.SerializeAsString());
  EXPECT_EQ(Loaded(ImportOnnx(file.path())), w);
}

// A message may come in parts, of which the later ones win: so says the format.
TEST(ModelFile, MayComeInParts) {
  const std::vector<float> w = Counting(2), other = {7, 8};
  onnx::ModelProto part;
  AddInitializer(part, "v", {1, 2}, other);
  const Result<Graph> both =
      ImportOnnxBytes(ModelOf(w).SerializeAsString() + part.SerializeAsString(), "m");
  ASSERT_TRUE(both.ok()) << both.status().ToString();
  ASSERT_EQ(both->values[1].name, "v");
  EXPECT_EQ(both->values[1].constant->data<float>()[0], 7.0f);
}

TEST(ModelFile, UnknownFieldsAreNotLookedAt) {
  // Field 99 as a number, as eight bytes, as bytes, as a group with a group in it, as four bytes.
  const std::string unknown =
      "\x98\x06\x05"
      "\x99\x06"
      "12345678"
      "\x9a\x06\x02"
      "ab"
      "\x9b\x06\xa3\x06\x08\x01\xa4\x06\x9c\x06"
      "\x9d\x06"
      "1234";
  const std::vector<float> w = Counting(2);
  const std::string bytes = ModelOf(w).SerializeAsString();
  EXPECT_EQ(Loaded(ImportOnnxBytes(unknown + bytes + unknown, "m")), w);
  const std::string unended = "\x9b\x06\x08\x01";
  EXPECT_EQ(ImportOnnxBytes(bytes + unended, "m").status().code(), StatusCode::kDataLoss);
  std::string deep;
  for (int i = 0; i < 1000000; ++i) deep += "\x9b\x06";
  EXPECT_EQ(ImportOnnxBytes(bytes + deep, "m").status().code(), StatusCode::kDataLoss);
}

// Reads the bytes from disk and from memory: the answer is one, and it is data loss when the parser
// of the format would take the bytes for no model.
void ExpectAsTheParser(const std::string& bytes) {
  const ModelFile file("damaged.onnx", bytes);
  const Status on_disk = ImportOnnx(file.path()).status();
  EXPECT_EQ(on_disk.ToString(), ImportOnnxBytes(bytes, file.path()).status().ToString());
  onnx::ModelProto model;
  const bool is_model = model.ParseFromString(bytes) && model.has_graph();
  EXPECT_EQ(on_disk.code() != StatusCode::kDataLoss, is_model) << on_disk.ToString();
}

TEST(ModelFile, EveryTruncationIsAnError) {
  const std::string bytes = ModelOf(Counting(64)).SerializeAsString();
  for (size_t size = 0; size < bytes.size(); ++size) {
    SCOPED_TRACE(size);
    ExpectAsTheParser(bytes.substr(0, size));
    EXPECT_FALSE(ImportOnnxBytes(bytes.substr(0, size), "m").ok());
  }
}

// The length of a field that says more than there is must not be believed.
TEST(ModelFile, LengthsThatLieAreErrors) {
  const std::string bytes = SmallModel().SerializeAsString();
  for (size_t at = 0; at < bytes.size(); ++at)
    for (const std::string length :
         {"\x01", "\x7f", "\xff\x7f", "\xff\xff\xff\xff\x07", "\xff\xff\xff\xff\x0f"}) {
      SCOPED_TRACE(at);
      std::string wrong = bytes;
      ExpectAsTheParser(wrong.replace(at, std::min(length.size(), bytes.size() - at), length));
    }
}

TEST(ModelFile, ElementsElsewhereAreRefused) {
  onnx::ModelProto model = ModelOf(Counting(2));
  onnx::TensorProto* const tensor = model.mutable_graph()->mutable_initializer(0);
  tensor->set_data_location(onnx::TensorProto::EXTERNAL);
  tensor->clear_raw_data();
  onnx::StringStringEntryProto* const place = tensor->add_external_data();
  place->set_key("location");
  place->set_value("w.bin");
  const ModelFile file("external.onnx", model.SerializeAsString());
  EXPECT_EQ(ImportOnnx(file.path()).status().message(),
            "model '" + file.path() + "': unsupported: external data of tensor 'w'");
}

// What has no size is read to its end, and nobody is waited for.
TEST(ModelFile, MayBeNoFileOfASize) {
  const std::string path = testing::TempDir() + "tenter_" + std::to_string(getpid()) + "_fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(ImportOnnx(path).status().message(), "model '" + path + "': the file is empty");
  std::filesystem::remove(path);
  // The system says of it that it is empty, which it is not.
  const Status status = ImportOnnx("/proc/self/cmdline").status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss) << status.ToString();
  EXPECT_NE(status.message().find("truncated or not an ONNX file ("), std::string::npos)
      << status.ToString();
}

TEST(ModelFile, MayChangeAndGoOnceItIsLoaded) {
  const std::vector<float> w = Counting(100000);
  auto file = std::make_unique<ModelFile>("goes.onnx", ModelOf(w).SerializeAsString());
  const Graph first = Simplify(ImportOnnx(file->path()).value()).value();
  const Graph second = Simplify(ImportOnnx(file->path()).value()).value();
  std::filesystem::resize_file(file->path(), 10);
  EXPECT_EQ(ConstantOf(first), w);
  file = nullptr;
  EXPECT_EQ(ConstantOf(second), w);
  EXPECT_NE(first.parameters, second.parameters) << "two models do not know of each other";
}

// Copies of a graph share their constants until one of them changes.
TEST(ModelFile, ACopyOfItsGraphKeepsWhatFoldingChanges) {
  onnx::ModelProto model = SmallModel();
  const std::vector<float> w = Counting(size_t{64} * 64);
  AddInput(model, "image", {1, 64, 8, 8});
  AddInitializer(model, "weights", {64, 64, 1, 1}, w);
  for (const char* const name : {"scale", "shift", "mean", "variance"})
    AddInitializer(model, name, {64}, std::vector<float>(64, 4.0f));
  AddNode(model, "Conv", "conv", {"image", "weights"}, "folded");
  AddNode(model, "BatchNormalization", "norm", {"folded", "scale", "shift", "mean", "variance"},
          "normalised");
  model.mutable_graph()->add_output()->set_name("normalised");
  const Graph imported = ImportOnnxBytes(model.SerializeAsString(), "m").value();
  const auto weights_of = [](const Graph& graph, const std::string& name) {
    const auto found = std::find_if(graph.values.begin(), graph.values.end(),
                                    [&](const Value& value) { return value.name == name; });
    return found->constant->data<float>()[1];
  };
  const float folded = weights_of(Simplify(imported).value(), "conv:weights");
  EXPECT_EQ(weights_of(imported, "weights"), 2.0f);
  EXPECT_EQ(weights_of(Simplify(imported).value(), "conv:weights"), folded);
  EXPECT_NEAR(folded, 4.0f, 1e-3f);
}

// The highest number of resident bytes of this process from the last reset on, or 0.
size_t PeakBytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) << 10;
  return 0;
}

bool ResetPeak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

// In a process of its own, whose memory nothing else uses. Answers the peak in hundredths of the
// size of the elements, or 255 where it cannot be measured.
int PeakOfALoad(const std::string& path, size_t bytes) {
  const pid_t child = fork();
  if (child == 0) {
    const size_t before = ResetPeak() ? PeakBytes() : 0;
    const bool loaded = before > 0 && Simplify(ImportOnnx(path).value()).ok();
    const size_t percent = loaded ? (PeakBytes() - before) * 100 / bytes : 255;
    _exit(static_cast<int>(std::min<size_t>(percent, 254 + (loaded ? 0 : 1))));
  }
  int state = 0;
  waitpid(child, &state, 0);
  return WIFEXITED(state) ? WEXITSTATUS(state) : 256;
}

TEST(ModelFile, IsInMemoryOnceWhileItIsLoaded) {
#if defined(TENTER_TSAN) || defined(TENTER_OF_ASAN)
  GTEST_SKIP() << "a sanitizer has memory of its own for all memory that is used";
#endif
  constexpr size_t kBytes = size_t{64} << 20;
  std::string bytes = ModelOf(std::vector<float>(kBytes / sizeof(float), 1.0f)).SerializeAsString();
  const ModelFile file("large.onnx", bytes);
  std::string().swap(bytes);
  const int percent = PeakOfALoad(file.path(), kBytes);
  if (percent == 255) GTEST_SKIP() << "this system does not tell the peak of a process";
  EXPECT_GE(percent, 95);
  EXPECT_LE(percent, 120);
}

}  // namespace
}  // namespace tenter
