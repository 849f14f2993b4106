#include "runtime/graph/onnx_import.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

namespace tenter {
namespace {

Status Contradiction(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}

// Names in a model file may hold anything, also what is not text: a message stays one line of
// ASCII, of bounded length, that every report can carry.
std::string Printable(std::string text) {
  constexpr size_t kLengthMax = 2000;
  for (char& c : text)
    if (c < 0x20 || c > 0x7e) c = '?';
  if (text.size() > kLengthMax) text = text.substr(0, kLengthMax) + "...";
  return text;
}

std::string Quoted(const std::string& name) { return "'" + name + "'"; }

std::optional<DType> DTypeOf(int onnx_type) {
  switch (onnx_type) {
    case onnx::TensorProto::FLOAT: return DType::kFloat32;
    case onnx::TensorProto::DOUBLE: return DType::kFloat64;
    case onnx::TensorProto::INT32: return DType::kInt32;
    case onnx::TensorProto::INT64: return DType::kInt64;
    case onnx::TensorProto::UINT8: return DType::kUint8;
    case onnx::TensorProto::BOOL: return DType::kBool;
    default: return std::nullopt;
  }
}

std::string TypeName(int onnx_type) {
  return onnx::TensorProto::DataType_IsValid(onnx_type)
             ? onnx::TensorProto::DataType_Name(
                   static_cast<onnx::TensorProto::DataType>(onnx_type))
             : "number " + std::to_string(onnx_type);
}

// Copies a typed field of the file to the elements; the caller checked the count.
template <typename T, typename Field>
void CopyField(const Field& field, Tensor& tensor) {
  std::transform(field.begin(), field.end(), tensor.mutable_data<T>(),
                 [](auto value) { return static_cast<T>(value); });
}

int FieldSize(const onnx::TensorProto& proto, DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return proto.float_data_size();
    case DType::kFloat64: return proto.double_data_size();
    case DType::kInt64: return proto.int64_data_size();
    default: return proto.int32_data_size();
  }
}

void CopyFields(const onnx::TensorProto& proto, Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kFloat32: return CopyField<float>(proto.float_data(), tensor);
    case DType::kFloat64: return CopyField<double>(proto.double_data(), tensor);
    case DType::kInt32: return CopyField<int32_t>(proto.int32_data(), tensor);
    case DType::kInt64: return CopyField<int64_t>(proto.int64_data(), tensor);
    case DType::kUint8: return CopyField<uint8_t>(proto.int32_data(), tensor);
    case DType::kBool: return CopyField<bool>(proto.int32_data(), tensor);
  }
}

// Raw bytes; those of a bool may be anything in the file and must be 0 or 1 in memory.
void CopyRaw(const std::string& raw, Tensor& tensor) {
  std::memcpy(tensor.mutable_raw(), raw.data(), raw.size());
  if (tensor.dtype() != DType::kBool) return;
  auto* const bytes = static_cast<unsigned char*>(tensor.mutable_raw());
  for (size_t i = 0; i < raw.size(); ++i) bytes[i] = bytes[i] != 0 ? 1 : 0;
}

// The tensor `proto`; kUnsupported with a phrase, or kInvalidArgument with a sentence.
Result<Tensor> ReadTensor(const onnx::TensorProto& proto) {
  const std::string who = "tensor " + Quoted(proto.name());
  if (proto.data_location() == onnx::TensorProto::EXTERNAL)
    return Status(StatusCode::kUnsupported, "external data of " + who);
  const auto dtype = DTypeOf(proto.data_type());
  if (!dtype)
    return Status(StatusCode::kUnsupported, "type " + TypeName(proto.data_type()) + " of " + who);
  const TensorSpec spec{*dtype, Shape({proto.dims().begin(), proto.dims().end()})};
  const auto bytes = spec.CountBytes();
  if (!bytes.ok()) return Contradiction(who + ": " + bytes.status().message());
  // The data decides before memory is asked for: a wrong shape must not allocate.
  const bool raw = proto.has_raw_data();
  const size_t found = raw ? proto.raw_data().size()
                           : static_cast<size_t>(FieldSize(proto, *dtype)) * DTypeBytes(*dtype);
  if (found != *bytes)
    return Contradiction(who + ": " + spec.ToString() + " needs " + std::to_string(*bytes) +
                         " bytes, the file has " + std::to_string(found));
  TENTER_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(spec));
  raw ? CopyRaw(proto.raw_data(), tensor) : CopyFields(proto, tensor);
  return tensor;
}

// The attribute's value; kUnsupported with a phrase when its kind is not known here.
Result<AttributeValue> ReadAttribute(const onnx::AttributeProto& proto) {
  switch (proto.type()) {
    case onnx::AttributeProto::INT: return AttributeValue(static_cast<int64_t>(proto.i()));
    case onnx::AttributeProto::FLOAT: return AttributeValue(proto.f());
    case onnx::AttributeProto::STRING: return AttributeValue(proto.s());
    case onnx::AttributeProto::INTS:
      return AttributeValue(std::vector<int64_t>(proto.ints().begin(), proto.ints().end()));
    case onnx::AttributeProto::FLOATS:
      return AttributeValue(std::vector<float>(proto.floats().begin(), proto.floats().end()));
    case onnx::AttributeProto::STRINGS:
      return AttributeValue(
          std::vector<std::string>(proto.strings().begin(), proto.strings().end()));
    case onnx::AttributeProto::TENSOR: {
      TENTER_ASSIGN_OR_RETURN(Tensor tensor, ReadTensor(proto.t()));
      return AttributeValue(std::move(tensor));
    }
    case onnx::AttributeProto::GRAPH:
    case onnx::AttributeProto::GRAPHS:
      return Status(StatusCode::kUnsupported, "subgraph in attribute " + proto.name());
    default:
      return Status(StatusCode::kUnsupported, "kind of attribute " + proto.name());
  }
}

// Everything that is not supported, each phrase once, with the first node that it was met in.
class Refusals {
 public:
  void Add(const std::string& phrase, const std::string& node) {
    for (Entry& entry : entries_)
      if (entry.phrase == phrase) {
        ++entry.more;
        return;
      }
    entries_.push_back({phrase, node, 0});
  }

  Status ToStatus() const {
    if (entries_.empty()) return {};
    std::string text = "unsupported: ";
    for (const Entry& entry : entries_) {
      text += (&entry == &entries_.front() ? "" : ", ") + entry.phrase;
      if (entry.node.empty()) continue;
      text += " (node " + Quoted(entry.node);
      if (entry.more > 0) text += " and " + std::to_string(entry.more) + " more";
      text += ")";
    }
    return {StatusCode::kUnsupported, text};
  }

 private:
  struct Entry {
    std::string phrase;
    std::string node;  // empty for what belongs to no node
    int more;
  };
  std::vector<Entry> entries_;
};

class Importer {
 public:
  explicit Importer(const onnx::ModelProto& model) : model_(model), proto_(model.graph()) {}

  Result<Graph> Run() {
    graph_.name = Printable(proto_.name());
    ReadOpset();
    TENTER_RETURN_IF_ERROR(ReadInitializers());
    TENTER_RETURN_IF_ERROR(ReadInputs());
    for (const onnx::NodeProto& node : proto_.node()) TENTER_RETURN_IF_ERROR(DeclareNode(node));
    TENTER_RETURN_IF_ERROR(refusals_.ToStatus());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) TENTER_RETURN_IF_ERROR(ConnectNode(i));
    TENTER_RETURN_IF_ERROR(ReadOutputs());
    TENTER_RETURN_IF_ERROR(SortNodes());
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
      auto tensor = ReadTensor(proto);
      if (tensor.status().code() == StatusCode::kUnsupported)
        refusals_.Add(tensor.status().message(), "");
      else if (!tensor.ok())
        return tensor.status();
      TENTER_ASSIGN_OR_RETURN(const int value, AddValue(proto.name()));
      if (!tensor.ok()) continue;
      graph_.values[static_cast<size_t>(value)].spec = tensor->spec();
      graph_.values[static_cast<size_t>(value)].constant = std::move(*tensor);
    }
    return {};
  }

  Status ReadInputs() {
    for (const onnx::ValueInfoProto& input : proto_.input()) {
      // Old files list every initializer as an input too.
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
    const auto dtype = DTypeOf(type.elem_type());
    if (!dtype) refusals_.Add("type " + TypeName(type.elem_type()) + " of " + who, "");
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
      auto value = ReadAttribute(attribute);
      if (value.ok()) {
        node.attributes.Set(attribute.name(), std::move(*value));
      } else if (value.status().code() == StatusCode::kUnsupported) {
        refusals_.Add(value.status().message() + " of " + node.op_type, node.name);
      } else {
        return Contradiction("node " + Quoted(node.name) + ": " + value.status().message());
      }
    }
    TENTER_RETURN_IF_ERROR(DeclareOutputs(proto, node));
    for (const std::string& part :
         UnsupportedParts(node.op_type, node.attributes,
                          std::clamp(graph_.opset, kOpsetMin, kOpsetMax), InputCount(proto),
                          static_cast<int>(node.outputs.size())))
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

  // Trailing inputs without a name are absent altogether.
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

  // Puts the nodes into topological order, keeping the order of the file where it is free to
  // choose.
  Status SortNodes() {
    const size_t count = graph_.nodes.size();
    std::vector<int> producer(graph_.values.size(), -1);
    for (size_t i = 0; i < count; ++i)
      for (const int output : graph_.nodes[i].outputs)
        producer[static_cast<size_t>(output)] = static_cast<int>(i);
    std::vector<int> waits_for(count, 0);
    std::vector<std::vector<size_t>> followers(count);
    for (size_t i = 0; i < count; ++i)
      for (const int input : graph_.nodes[i].inputs) {
        const int from = input < 0 ? -1 : producer[static_cast<size_t>(input)];
        if (from < 0) continue;
        followers[static_cast<size_t>(from)].push_back(i);
        ++waits_for[i];
      }
    std::map<size_t, bool> ready;
    for (size_t i = 0; i < count; ++i)
      if (waits_for[i] == 0) ready[i] = true;
    std::vector<Node> sorted;
    while (!ready.empty()) {
      const size_t i = ready.begin()->first;
      ready.erase(ready.begin());
      sorted.push_back(std::move(graph_.nodes[i]));
      for (const size_t follower : followers[i])
        if (--waits_for[follower] == 0) ready[follower] = true;
    }
    for (size_t i = 0; i < count; ++i)
      if (waits_for[i] > 0)
        return Contradiction("node " + Quoted(graph_.nodes[i].name) + " is part of a cycle");
    graph_.nodes = std::move(sorted);
    return {};
  }

  const onnx::ModelProto& model_;
  const onnx::GraphProto& proto_;
  Graph graph_;
  std::map<std::string, int> index_;  // value by name
  std::vector<const onnx::NodeProto*> sources_;
  Refusals refusals_;
};

}  // namespace

Result<Graph> ImportOnnxBytes(const std::string& bytes, const std::string& origin) {
  const std::string place = "model " + Quoted(origin) + ": ";
  const auto damaged = [&](const std::string& what) {
    return Status(StatusCode::kDataLoss, Printable(place + what));
  };
  if (bytes.empty()) return damaged("the file is empty");
  onnx::ModelProto model;
  if (!model.ParseFromString(bytes))
    return damaged("truncated or not an ONNX file (" + std::to_string(bytes.size()) + " bytes)");
  if (!model.has_graph()) return damaged("not an ONNX file: it has no graph");
  Result<Graph> graph = Importer(model).Run();
  if (!graph.ok())
    return Status(graph.status().code(), Printable(place + graph.status().message()));
  return graph;
}

Result<Graph> ImportOnnx(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || !(bytes << file.rdbuf()) || file.bad()) {
    if (file.is_open() && file.peek() == std::ifstream::traits_type::eof() && !file.bad())
      return ImportOnnxBytes("", path);
    return Status(StatusCode::kNotFound, Printable("model " + Quoted(path) + ": cannot be read"));
  }
  return ImportOnnxBytes(bytes.str(), path);
}

}  // namespace tenter
