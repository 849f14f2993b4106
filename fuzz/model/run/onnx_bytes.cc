#include "fuzz/model/run/onnx_bytes.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <set>

#include "fuzz/model/oracle/ops.h"
#include "fuzz/model/oracle/oracle.h"

namespace tenter::fuzz::model {
namespace {

constexpr int kOpset = 13;
constexpr std::string_view kOneInt[] = {"axis",   "group",  "keepdims", "count_include_pad",
                                        "transA", "transB", "to",       "ceil_mode"};
constexpr std::string_view kOneFloat[] = {"alpha", "beta", "epsilon"};
constexpr std::string_view kScalars[] = {"min", "max", "value", "ratio",
                                         "training"};  // inputs of one number
// Attributes that are words alone.
constexpr std::pair<std::string_view, const char*> kAutoPads[] = {
    {"same_upper", "SAME_UPPER"}, {"same_lower", "SAME_LOWER"}, {"valid", "VALID"}};

bool IsOneOf(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

int TypeOf(const Array& array) {
  return array.integers ? onnx::TensorProto::INT64
         : array.truths ? onnx::TensorProto::BOOL
                        : onnx::TensorProto::FLOAT;
}

class Writer {
 public:
  Writer(const Graph& graph, int64_t size, bool zero_is_open) : zero_is_open_(zero_is_open) {
    model_.set_ir_version(7);
    model_.add_opset_import()->set_version(kOpset);
    model_.mutable_graph()->set_name("drawn");
    for (const Input& input : graph.inputs) WriteInput(input);
    for (const Node& node : graph.nodes) {
      const bool is_wrong = graph.wrong.has_value() && graph.wrong->node == node.name;
      WriteNode(is_wrong ? WithAttribute(node, *graph.wrong) : node, OutputsOf(node));
      if (is_wrong) Spoil(graph.wrong->what, node);
    }
    const Arrays outputs = OutputsOf(graph, size, 0);
    for (size_t i = 0; i < outputs.size(); ++i) WriteOutput(graph.outputs[i], outputs[i]);
  }

  std::string Bytes() const { return model_.SerializeAsString(); }

 private:
  void WriteInput(const Input& input) {
    onnx::ValueInfoProto* const made = model_.mutable_graph()->add_input();
    made->set_name(input.name);
    auto* const type = made->mutable_type()->mutable_tensor_type();
    type->set_elem_type(TypeOf({.integers = input.integers}));
    auto* const shape = type->mutable_shape();
    for (const int64_t size : input.dims) {
      auto* const dim = shape->add_dim();
      if (size == kAnySize)
        dim->set_dim_param("N");
      else if (size != kSizeUntold && (zero_is_open_ || !IsOpen(size)))
        dim->set_dim_value(size == kSizeBelow ? -1 : size);
    }
  }

  // Its dims are left open: they may depend on the size of a call.
  void WriteOutput(const std::string& name, const Array& array) {
    onnx::ValueInfoProto* const made = model_.mutable_graph()->add_output();
    made->set_name(name);
    auto* const type = made->mutable_type()->mutable_tensor_type();
    type->set_elem_type(TypeOf(array));
    for (int i = 0; i < array.rank(); ++i) type->mutable_shape()->add_dim();
    type->mutable_shape();
  }

  static Node WithAttribute(Node node, const Wrong& wrong) {
    if (wrong.is_word()) return node;
    std::erase_if(node.attributes, [&](const auto& one) { return one.first == wrong.what; });
    node.attributes.emplace_back(wrong.what, wrong.numbers);
    return node;
  }

  // The last node that was written, by a word.
  void Spoil(const std::string& word, const Node& node) {
    auto& nodes = *model_.mutable_graph()->mutable_node();
    onnx::NodeProto* const made = nodes.Mutable(nodes.size() - 1);
    if (word == "op") made->set_op_type("NoSuchOp");
    if (word == "operand") made->set_input(0, "nobody_makes_this");
    if (word == "output") made->set_output(0, "nobody_reads_this");
    if (word == "cycle") made->set_input(0, OutputName(node, 0));
  }

  void WriteNode(const Node& node, size_t outputs) {
    onnx::NodeProto* const made = model_.mutable_graph()->add_node();
    made->set_op_type(node.op);
    made->set_name(node.name);
    for (const std::string& operand : node.operands) made->add_input(NameOf(operand));
    const Op& op = *FindOp(node.op);
    WriteInputAttributes(node, op, made);
    for (const auto& [name, numbers] : node.attributes)
      if (!IsOneOf(name, op.input_attributes) && name != "mask")
        WriteAttribute(name, numbers, made);
    if (node.op == "Cast" && node.Find("to") == nullptr)
      WriteAttribute("to", {onnx::TensorProto::FLOAT}, made);
    for (size_t i = 0; i < outputs; ++i) made->add_output(OutputName(node, i));
  }

  // What is left out at the end stays out; before the end its name is empty.
  void WriteInputAttributes(const Node& node, const Op& op, onnx::NodeProto* made) {
    size_t empty = 0;
    for (const std::string_view name : op.input_attributes) {
      const std::vector<double>* const numbers = node.Find(std::string(name));
      if (numbers == nullptr) {
        ++empty;
        continue;
      }
      for (; empty > 0; --empty) made->add_input("");
      const std::string constant = node.name + ":" + std::string(name);
      Array array{.integers = true, .dims = {static_cast<int64_t>(numbers->size())}};
      if (IsOneOf(name, kScalars)) array = {.truths = name == "training"};
      array.numbers = *numbers;
      WriteConstant(constant, array);
      made->add_input(constant);
    }
  }

  static void WriteAttribute(const std::string& name, const std::vector<double>& numbers,
                             onnx::NodeProto* made) {
    onnx::AttributeProto* const attribute = made->add_attribute();
    attribute->set_name(name);
    for (const auto& [word, text] : kAutoPads) {
      if (name != word) continue;
      attribute->set_name("auto_pad");
      attribute->set_type(onnx::AttributeProto::STRING);
      attribute->set_s(text);
      return;
    }
    if (IsOneOf(name, kOneInt)) {
      attribute->set_type(onnx::AttributeProto::INT);
      attribute->set_i(static_cast<int64_t>(numbers.at(0)));
    } else if (IsOneOf(name, kOneFloat)) {
      attribute->set_type(onnx::AttributeProto::FLOAT);
      attribute->set_f(static_cast<float>(numbers.at(0)));
    } else {
      attribute->set_type(onnx::AttributeProto::INTS);
      for (const double number : numbers) attribute->add_ints(static_cast<int64_t>(number));
    }
  }

  // The name of an operand in the file; a constant is written when it is first used.
  std::string NameOf(const std::string& operand) {
    if (operand == "-") return "";
    if (IsConstant(operand) && written_.insert(operand).second)
      WriteConstant(operand, NumbersOf(*ParseConstant(operand)));
    return operand;
  }

  void WriteConstant(const std::string& name, const Array& array) {
    onnx::TensorProto* const tensor = model_.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(TypeOf(array));
    for (const int64_t size : array.dims) tensor->add_dims(size);
    // A file may have them in both ways, so both are drawn.
    if (array.numbers.size() % 2 == 0) return WriteRaw(array, tensor);
    for (const double number : array.numbers) {
      if (array.integers)
        tensor->add_int64_data(static_cast<int64_t>(number));
      else if (array.truths)
        tensor->add_int32_data(static_cast<int32_t>(number));
      else
        tensor->add_float_data(static_cast<float>(number));
    }
  }

  static void WriteRaw(const Array& array, onnx::TensorProto* tensor) {
    std::string& raw = *tensor->mutable_raw_data();
    const auto add = [&raw](auto number) {
      raw.append(reinterpret_cast<const char*>(&number), sizeof(number));
    };
    for (const double number : array.numbers) {
      if (array.integers)
        add(static_cast<int64_t>(number));
      else if (array.truths)
        add(static_cast<uint8_t>(number));
      else
        add(static_cast<float>(number));
    }
  }

  const bool zero_is_open_;
  onnx::ModelProto model_;
  std::set<std::string> written_;
};

}  // namespace

std::string OnnxBytes(const Graph& graph, int64_t size, bool zero_is_open) {
  return Writer(graph, size, zero_is_open).Bytes();
}

}  // namespace tenter::fuzz::model
