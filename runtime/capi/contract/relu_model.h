// ReluModelBytes: a model file without a file: y[n,4] = Relu(Relu(x[n,4])), and n is open.
//
// Thread safety: a pure function.
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

}  // namespace tenter
