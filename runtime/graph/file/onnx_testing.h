// Small ONNX models that tests write down.
//
// Thread safety: one thread.
// Ownership and lifetime: what an Add function returns belongs to the model.
#pragma once

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace tenter {

inline onnx::ValueInfoProto* AddInput(onnx::ModelProto& model, const std::string& name,
                                      const std::vector<int64_t>& dims) {
  onnx::ValueInfoProto* const input = model.mutable_graph()->add_input();
  input->set_name(name);
  auto* const type = input->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  auto* const shape = type->mutable_shape();
  for (const int64_t dim : dims) shape->add_dim()->set_dim_value(dim);
  return input;
}

inline onnx::NodeProto* AddNode(onnx::ModelProto& model, const std::string& op,
                                const std::string& name, const std::vector<std::string>& inputs,
                                const std::string& output) {
  onnx::NodeProto* const node = model.mutable_graph()->add_node();
  node->set_op_type(op);
  node->set_name(name);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(output);
  return node;
}

inline onnx::TensorProto* AddInitializer(onnx::ModelProto& model, const std::string& name,
                                         const std::vector<int64_t>& dims,
                                         const std::vector<float>& values) {
  onnx::TensorProto* const tensor = model.mutable_graph()->add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t dim : dims) tensor->add_dims(dim);
  tensor->set_raw_data(values.data(), values.size() * sizeof(float));
  return tensor;
}

inline void AddAttribute(onnx::NodeProto& node, const std::string& name, const std::string& value) {
  onnx::AttributeProto* const attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::STRING);
  attribute->set_s(value);
}

// y = relu(x + w), with w = [1, -1].
inline onnx::ModelProto SmallModel() {
  onnx::ModelProto model;
  model.set_ir_version(7);
  model.add_opset_import()->set_version(11);
  model.mutable_graph()->set_name("small");
  AddInput(model, "x", {-1, 2});
  AddInitializer(model, "w", {2}, {1, -1});
  AddNode(model, "Add", "add", {"x", "w"}, "sum");
  AddNode(model, "Relu", "relu", {"sum"}, "y");
  model.mutable_graph()->add_output()->set_name("y");
  return model;
}

}  // namespace tenter
