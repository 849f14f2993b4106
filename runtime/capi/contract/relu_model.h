// Model files without a file. ReluModelBytes: y[n,4] = Relu(Relu(x[n,4])), and n is open.
// ConvModelBytes: y = Conv(x[1,64,4,4]), with weights that are worth packing.
//
// Thread safety: pure functions.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>

namespace tenter {

inline std::string ReluModelBytes() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(13);
  onnx::GraphProto* graph = model.mutable_graph();
  graph->set_name("relu");
  const auto value = [](onnx::ValueInfoProto* info, const char* name) {
    info->set_name(name);
    auto* type = info->mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    type->mutable_shape()->add_dim()->set_dim_param("n");
    type->mutable_shape()->add_dim()->set_dim_value(4);
  };
  value(graph->add_input(), "x");
  value(graph->add_output(), "y");
  const auto relu = [&](const char* from, const char* to) {
    onnx::NodeProto* node = graph->add_node();
    node->set_op_type("Relu");
    node->set_name(to);
    node->add_input(from);
    node->add_output(to);
  };
  relu("x", "between");
  relu("between", "y");
  return model.SerializeAsString();
}

inline std::string ConvModelBytes() {
  constexpr int kChannels = 64;
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(13);
  onnx::GraphProto* graph = model.mutable_graph();
  graph->set_name("conv");
  graph->add_input()->set_name("x");
  auto* type = graph->mutable_input(0)->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  for (const int size : {1, kChannels, 4, 4}) type->mutable_shape()->add_dim()->set_dim_value(size);
  graph->add_output()->set_name("y");
  onnx::TensorProto* weights = graph->add_initializer();
  weights->set_name("w");
  weights->set_data_type(onnx::TensorProto::FLOAT);
  for (const int size : {kChannels, kChannels, 1, 1}) weights->add_dims(size);
  for (int i = 0; i < kChannels * kChannels; ++i)
    weights->add_float_data(static_cast<float>(i % 7));
  onnx::NodeProto* node = graph->add_node();
  node->set_op_type("Conv");
  node->add_input("x");
  node->add_input("w");
  node->add_output("y");
  return model.SerializeAsString();
}

}  // namespace tenter
