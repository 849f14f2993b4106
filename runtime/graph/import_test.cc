#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "runtime/graph/file/onnx_testing.h"
#include "runtime/graph/onnx_import.h"
#include "runtime/graph/rewrites.h"
#include "runtime/graph/run_graph.h"
#include "runtime/graph/specialise.h"

namespace tenter {
namespace {

Status ErrorOf(const onnx::ModelProto& model) {
  return ImportOnnxBytes(model.SerializeAsString(), "m.onnx").status();
}

void ExpectError(const onnx::ModelProto& model, StatusCode code, const std::string& message) {
  const Status status = ErrorOf(model);
  EXPECT_EQ(status.code(), code) << status.ToString();
  EXPECT_EQ(status.message(), "model 'm.onnx': " + message);
}

TEST(Import, ReadsAGraphThatRuns) {
  const auto graph = ImportOnnxBytes(SmallModel().SerializeAsString(), "m.onnx");
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();
  EXPECT_EQ(graph->values[static_cast<size_t>(graph->inputs[0])].spec->ToString(), "float32[?,2]");
  const TensorSpec spec{DType::kFloat32, {1, 2}};
  const auto special = Specialise(Simplify(*graph).value(), {&spec, 1});
  ASSERT_TRUE(special.ok()) << special.status().ToString();
  float x[] = {2.0f, 0.5f};
  const Tensor input = Tensor::Borrow(spec, x);
  const auto outputs = RunGraph(*special, {&input, 1}, KernelChoice::kReference);
  ASSERT_TRUE(outputs.ok()) << outputs.status().ToString();
  EXPECT_EQ((*outputs)[0].data<float>()[0], 3.0f);
  EXPECT_EQ((*outputs)[0].data<float>()[1], 0.0f);
}

TEST(Import, InitializersListedAsInputsAreNotInputs) {
  onnx::ModelProto model = SmallModel();
  AddInput(model, "w", {2});
  const auto graph = ImportOnnxBytes(model.SerializeAsString(), "m.onnx");
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();
  EXPECT_EQ(graph->inputs.size(), 1u);
}

TEST(Import, SortsNodesAndDropsUnnamedTails) {
  onnx::ModelProto model = SmallModel();
  model.mutable_graph()->mutable_node()->SwapElements(0, 1);
  AddNode(model, "Clip", "clip", {"y", "", ""}, "z");
  const auto graph = ImportOnnxBytes(model.SerializeAsString(), "m.onnx");
  ASSERT_TRUE(graph.ok()) << graph.status().ToString();
  EXPECT_EQ(graph->nodes[0].name, "add");
  EXPECT_EQ(graph->nodes[2].inputs.size(), 1u);
}

TEST(Import, FilesThatAreNoModels) {
  EXPECT_EQ(ImportOnnx("no/such/file.onnx").status().ToString(),
            "not_found: model 'no/such/file.onnx': cannot be read: No such file or directory");
  EXPECT_EQ(ImportOnnxBytes("", "m").status().ToString(),
            "data_loss: model 'm': the file is empty");
  const Status text = ImportOnnxBytes("version https://git-lfs.github.com/spec/v1\n", "m").status();
  EXPECT_EQ(text.code(), StatusCode::kDataLoss) << text.ToString();
  EXPECT_EQ(ImportOnnx("/").status().code(), StatusCode::kNotFound);
  onnx::ModelProto headless;
  headless.set_ir_version(7);
  ExpectError(headless, StatusCode::kDataLoss, "not an ONNX file: it has no graph");
}

TEST(Import, AnEmptyFileOnDiskIsReportedAsEmpty) {
  const std::string path = testing::TempDir() + "tenter_import_empty.onnx";
  { std::ofstream file(path); }
  EXPECT_EQ(ImportOnnx(path).status().message(), "model '" + path + "': the file is empty");
  std::remove(path.c_str());
}

// Every prefix is refused or is a model; none of them crashes.
TEST(Import, EveryTruncationIsAnError) {
  const std::string bytes = SmallModel().SerializeAsString();
  int whole = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto graph = ImportOnnxBytes(bytes.substr(0, size), "m");
    whole += graph.ok();
    if (graph.ok()) continue;
    EXPECT_EQ(graph.status().message().find('\n'), std::string::npos) << size;
  }
  EXPECT_EQ(whole, 0);
}

// A flipped byte may give another valid model; it must never crash, also not when it is run.
TEST(Import, AnyFlippedByteIsHandled) {
  const std::string bytes = SmallModel().SerializeAsString();
  for (size_t at = 0; at < bytes.size(); ++at)
    for (const char mask : {1, 4, 64, -128}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ mask);
      auto graph = ImportOnnxBytes(damaged, "m");
      if (!graph.ok()) continue;
      const auto simple = Simplify(std::move(*graph));
      if (!simple.ok()) continue;
      const TensorSpec spec{DType::kFloat32, {1, 2}};
      [[maybe_unused]] const auto special = Specialise(*simple, {&spec, 1});
    }
}

TEST(Import, ListsEverythingUnsupportedOnce) {
  onnx::ModelProto model = SmallModel();
  AddNode(model, "LSTM", "lstm_0", {"y"}, "a");
  AddNode(model, "LSTM", "lstm_1", {"a"}, "b");
  AddAttribute(*AddNode(model, "Conv", "c1", {"b", "w"}, "c"), "auto_pad", "DIAGONAL");
  AddNode(model, "FusedConv", "f", {"c"}, "d")->set_domain("com.microsoft");
  onnx::AttributeProto* const branch = AddNode(model, "If", "if_0", {"d"}, "e")->add_attribute();
  branch->set_name("then_branch");
  branch->set_type(onnx::AttributeProto::GRAPH);
  ExpectError(model, StatusCode::kUnsupported,
              "unsupported: op LSTM (node 'lstm_0' and 1 more), "
              "attribute auto_pad=DIAGONAL of Conv (node 'c1'), "
              "op com.microsoft.FusedConv (node 'f'), "
              "subgraph in attribute then_branch of If (node 'if_0'), op If (node 'if_0')");
}

TEST(Import, RefusesOpsetsTypesAndPlacesThatItDoesNotKnow) {
  onnx::ModelProto model = SmallModel();
  model.mutable_opset_import(0)->set_version(21);
  ExpectError(model, StatusCode::kUnsupported, "unsupported: opset 21 (only 7 to 17)");

  model = SmallModel();
  model.mutable_graph()->mutable_initializer(0)->set_data_type(onnx::TensorProto::FLOAT16);
  ExpectError(model, StatusCode::kUnsupported, "unsupported: type FLOAT16 of tensor 'w'");

  model = SmallModel();
  model.mutable_graph()->mutable_initializer(0)->set_data_location(onnx::TensorProto::EXTERNAL);
  ExpectError(model, StatusCode::kUnsupported, "unsupported: external data of tensor 'w'");

  model = SmallModel();
  model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_sequence_type();
  ExpectError(model, StatusCode::kUnsupported,
              "unsupported: type of input 'x', which is not a tensor");

  model = SmallModel();
  model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
      onnx::TensorProto::STRING);
  ExpectError(model, StatusCode::kUnsupported, "unsupported: type STRING of input 'x'");
}

TEST(Import, ContradictionsNameTheirPlace) {
  onnx::ModelProto model = SmallModel();
  AddNode(model, "Add", "loop", {"y", "around"}, "again");
  AddNode(model, "Relu", "back", {"again"}, "around");
  ExpectError(model, StatusCode::kInvalidArgument, "node 'loop' is part of a cycle");

  model = SmallModel();
  AddNode(model, "Relu", "lost", {"nowhere"}, "z");
  ExpectError(model, StatusCode::kInvalidArgument,
              "node 'lost' reads 'nowhere', which nothing produces");

  model = SmallModel();
  AddNode(model, "Relu", "twice", {"x"}, "y");
  ExpectError(model, StatusCode::kInvalidArgument, "value 'y' is defined twice");

  model = SmallModel();
  model.mutable_graph()->mutable_output(0)->set_name("absent");
  ExpectError(model, StatusCode::kInvalidArgument, "nothing produces the graph output 'absent'");

  model = SmallModel();
  model.mutable_graph()->mutable_initializer(0)->set_raw_data("seven b");
  ExpectError(model, StatusCode::kInvalidArgument,
              "tensor 'w': float32[2] needs 8 bytes, the file has 7");

  model = SmallModel();
  model.mutable_graph()->mutable_initializer(0)->set_dims(0, -2);
  EXPECT_EQ(ErrorOf(model).code(), StatusCode::kInvalidArgument);

  model = SmallModel();
  model.mutable_graph()->mutable_initializer(0)->set_dims(0, int64_t{1} << 62);
  model.mutable_graph()->mutable_initializer(0)->add_dims(int64_t{1} << 62);
  EXPECT_EQ(ErrorOf(model).code(), StatusCode::kInvalidArgument);
}

TEST(Import, AMessageIsOnePrintableLine) {
  onnx::ModelProto model = SmallModel();
  AddNode(model, "Bad\nOp", "with\x1b[31m\xff", {"y"}, "z");
  ExpectError(model, StatusCode::kUnsupported, "unsupported: op Bad?Op (node 'with?[31m?')");
}

}  // namespace
}  // namespace tenter
