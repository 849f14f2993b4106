#include "runtime/graph/onnx_import.h"

#include <google/protobuf/arena.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/graph/file/import_message.h"
#include "runtime/graph/large_constant.h"
#include "runtime/graph/file/onnx_attribute.h"
#include "runtime/graph/file/onnx_skeleton.h"
#include "runtime/graph/file/onnx_tensor.h"
#include "runtime/graph/file/refusals.h"
#include "runtime/graph/topological_order.h"

namespace tenter {
namespace {

class Importer {
 public:
  Importer(const onnx::ModelProto& model, const OnnxSkeleton& skeleton)
      : model_(model), proto_(model.graph()), skeleton_(skeleton) {}

  Result<Graph> Run() {
    graph_.name = Printable(proto_.name());
    ReadOpset();
    TENTER_RETURN_IF_ERROR(ReadInitializers());
    TENTER_RETURN_IF_ERROR(ReadInputs());
    for (const onnx::NodeProto& node : proto_.node()) TENTER_RETURN_IF_ERROR(DeclareNode(node));
    TENTER_RETURN_IF_ERROR(refusals_.ToStatus());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) TENTER_RETURN_IF_ERROR(ConnectNode(i));
    TENTER_RETURN_IF_ERROR(ReadOutputs());
    TENTER_RETURN_IF_ERROR(FillInitializers());
    TENTER_RETURN_IF_ERROR(SortNodes(graph_));
    TENTER_RETURN_IF_ERROR(CheckGraph(graph_));
    return std::move(graph_);
  }

 private:
  void ReadOpset() {
    for (const auto& import : model_.opset_import())
      if (import.domain().empty() || import.domain() == "ai.onnx")
        graph_.opset = static_cast<int>(std::clamp<int64_t>(import.version(), 0, 1000000));
    if (graph_.opset < kOpsetMin || graph_.opset > kOpsetMax)
      refusals_.Add("opset " + std::to_string(graph_.opset) + " (only " +
                        std::to_string(kOpsetMin) + " to " + std::to_string(kOpsetMax) + ")",
                    "");
  }

  Result<int> AddValue(const std::string& name) {
    const int index = static_cast<int>(graph_.values.size());
    if (!name.empty() && !index_.emplace(name, index).second)
      return Contradiction("value " + Quoted(name) + " is defined twice");
    graph_.values.push_back({name, std::nullopt, std::nullopt});
    return index;
  }

  Status ReadInitializers() {
    if (proto_.sparse_initializer_size() > 0) refusals_.Add("sparse initializers", "");
    for (const onnx::TensorProto& proto : proto_.initializer()) {
      auto spec = CheckTensor(proto, skeleton_);
      if (spec.status().code() == StatusCode::kUnsupported)
        refusals_.Add(spec.status().message(), "");
      else if (!spec.ok())
        return spec.status();
      TENTER_ASSIGN_OR_RETURN(const int value, AddValue(proto.name()));
      if (spec.ok()) graph_.values[static_cast<size_t>(value)].spec = std::move(*spec);
    }
    return {};
  }

  // Once nothing else can be wrong. They are the first values, in their order.
  Status FillInitializers() {
    for (size_t i = 0; i < static_cast<size_t>(proto_.initializer_size()); ++i) {
      Value& value = graph_.values[i];
      TENTER_ASSIGN_OR_RETURN(value, NewConstant(value.name, *value.spec));
      TENTER_RETURN_IF_ERROR(
          FillTensor(proto_.initializer(static_cast<int>(i)), skeleton_, *value.constant));
    }
    return {};
  }

  Status ReadInputs() {
    for (const onnx::ValueInfoProto& input : proto_.input()) {
      // Files of old versions list every initializer as an input too; those are no inputs here.
      const auto known = index_.find(input.name());
      if (known != index_.end() && known->second < proto_.initializer_size()) continue;
      TENTER_ASSIGN_OR_RETURN(const int value, AddValue(input.name()));
      TENTER_ASSIGN_OR_RETURN(graph_.values[static_cast<size_t>(value)].spec, InputSpec(input));
      graph_.inputs.push_back(value);
    }
    return {};
  }

  Result<TensorSpec> InputSpec(const onnx::ValueInfoProto& input) {
    const std::string who = "input " + Quoted(input.name());
    if (!input.type().has_tensor_type()) {
      refusals_.Add("type of " + who + ", which is not a tensor", "");
      return TensorSpec{};
    }
    const auto& type = input.type().tensor_type();
    const auto dtype = DTypeOfOnnx(type.elem_type());
    if (!dtype) refusals_.Add("type " + OnnxTypeName(type.elem_type()) + " of " + who, "");
    if (!type.has_shape()) refusals_.Add("unknown rank of " + who, "");
    std::vector<int64_t> dims;
    for (const auto& dim : type.shape().dim()) {
      // Some exporters write an unknown dimension as -1 or 0 instead of leaving it out.
      const bool known = dim.has_dim_value() && dim.dim_value() > 0;
      if (dim.has_dim_value() && dim.dim_value() < -1)
        return Contradiction(who + " has the dimension " + std::to_string(dim.dim_value()));
      dims.push_back(known ? dim.dim_value() : kUnknownDim);
    }
    return TensorSpec{dtype.value_or(DType::kFloat32), Shape(std::move(dims))};
  }

  // Adds the node with its attributes and outputs; its inputs may be defined by later nodes.
  Status DeclareNode(const onnx::NodeProto& proto) {
    Node node;
    node.name = Printable(NameOf(proto));
    node.op_type = proto.op_type();
    if (!proto.domain().empty() && proto.domain() != "ai.onnx")
      node.op_type = proto.domain() + "." + node.op_type;
    for (const onnx::AttributeProto& attribute : proto.attribute()) {
      auto value = ReadAttribute(attribute, skeleton_);
      if (value.ok()) {
        node.attributes.Set(attribute.name(), std::move(*value));
      } else if (value.status().code() == StatusCode::kUnsupported) {
        refusals_.Add(value.status().message() + " of " + node.op_type, node.name);
      } else {
        return Status(value.status().code(),
                      "node " + Quoted(node.name) + ": " + value.status().message());
      }
    }
    TENTER_RETURN_IF_ERROR(DeclareOutputs(proto, node));
    for (const std::string& part : UnsupportedParts(
             node.op_type, node.attributes, std::clamp(graph_.opset, kOpsetMin, kOpsetMax),
             InputCount(proto), static_cast<int>(node.outputs.size())))
      refusals_.Add(part, node.name);
    graph_.nodes.push_back(std::move(node));
    sources_.push_back(&proto);
    return {};
  }

  std::string NameOf(const onnx::NodeProto& proto) const {
    if (!proto.name().empty()) return proto.name();
    if (proto.output_size() > 0) return proto.op_type() + "->" + proto.output(0);
    return proto.op_type() + "#" + std::to_string(graph_.nodes.size());
  }

  Status DeclareOutputs(const onnx::NodeProto& proto, Node& node) {
    int count = proto.output_size();
    while (count > 1 && proto.output(count - 1).empty()) --count;
    for (int i = 0; i < count; ++i) {
      TENTER_ASSIGN_OR_RETURN(const int value, AddValue(proto.output(i)));
      node.outputs.push_back(value);
    }
    return {};
  }

  // How many inputs there are: trailing ones without a name do not count.
  static int InputCount(const onnx::NodeProto& proto) {
    int count = proto.input_size();
    while (count > 0 && proto.input(count - 1).empty()) --count;
    return count;
  }

  Status ConnectNode(size_t at) {
    Node& node = graph_.nodes[at];
    const onnx::NodeProto& proto = *sources_[at];
    for (int i = 0; i < InputCount(proto); ++i) {
      const auto found = index_.find(proto.input(i));
      if (proto.input(i).empty()) {
        node.inputs.push_back(-1);
      } else if (found == index_.end()) {
        return Contradiction("node " + Quoted(node.name) + " reads " + Quoted(proto.input(i)) +
                             ", which nothing produces");
      } else {
        node.inputs.push_back(found->second);
      }
    }
    return {};
  }

  Status ReadOutputs() {
    if (proto_.output_size() == 0) return Contradiction("the graph has no output");
    for (const onnx::ValueInfoProto& output : proto_.output()) {
      const auto found = index_.find(output.name());
      if (found == index_.end())
        return Contradiction("nothing produces the graph output " + Quoted(output.name()));
      graph_.outputs.push_back(found->second);
    }
    return {};
  }

  const onnx::ModelProto& model_;
  const onnx::GraphProto& proto_;
  const OnnxSkeleton& skeleton_;
  Graph graph_;
  std::map<std::string, int> index_;  // value by name
  std::vector<const onnx::NodeProto*> sources_;
  Refusals refusals_;
};

Result<Graph> Import(const ModelBytes& bytes, const std::string& origin) {
  const std::string place = "model " + Quoted(origin) + ": ";
  const auto damaged = [&](const std::string& what) {
    return Status(StatusCode::kDataLoss, Printable(place + what));
  };
  if (bytes.size() == 0) return damaged("the file is empty");
  const auto skeleton = OnnxSkeleton::Make(bytes);
  // In an arena: when the parser finds no memory, a message of the heap loses what was being added
  // to it, which is a leak; an arena frees all that it gave.
  google::protobuf::Arena arena;
  auto& model = *google::protobuf::Arena::CreateMessage<onnx::ModelProto>(&arena);
  if (!skeleton || !model.ParseFromString(skeleton->message()))
    return damaged("truncated or not an ONNX file (" + std::to_string(bytes.size()) + " bytes)");
  if (!model.has_graph()) return damaged("not an ONNX file: it has no graph");
  Result<Graph> graph = Importer(model, *skeleton).Run();
  if (!graph.ok())
    return Status(graph.status().code(), Printable(place + graph.status().message()));
  return graph;
}

}  // namespace

Result<Graph> ImportOnnxBytes(std::string_view bytes, const std::string& origin) {
  return Import(ModelBytes(bytes), origin);
}

Result<Graph> ImportOnnx(const std::string& path) {
  const auto bytes = ModelBytes::Open(path);
  if (!bytes.ok())
    return Status(bytes.status().code(),
                  Printable("model " + Quoted(path) + ": " + bytes.status().message()));
  return Import(**bytes, path);
}

}  // namespace tenter
