#include "runtime/graph/rows/rows_apart.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "runtime/ops/calls.h"

namespace tenter {
namespace {

Status Mixed(const std::string& what) { return {StatusCode::kUnsupported, what}; }

// So many times the rows, and else the same.
bool IsTimes(const TensorSpec& one, const TensorSpec& many, size_t requests) {
  if (one.dtype != many.dtype || one.shape.rank() != many.shape.rank() || one.shape.rank() == 0)
    return false;
  for (int i = 0; i < one.shape.rank(); ++i)
    if (many.shape.dim(i) != (i == 0 ? static_cast<int64_t>(requests) : 1) * one.shape.dim(i))
      return false;
  return one.shape.NumElements() > 0;
}

bool IsSame(const Tensor& one, const Tensor& two) {
  return one.spec() == two.spec() &&
         (one.raw() == two.raw() || std::memcmp(one.raw(), two.raw(), one.size_bytes()) == 0);
}

// What a rule looks at: a node for one request. A value that is no constant has rows of requests.
using Rule = Result<bool> (*)(const OpCall& call);

bool HasRows(const OpCall& call, size_t i) {
  return call.has_input(i) && call.constants[i] == nullptr;
}

bool OthersAreConstant(const OpCall& call, size_t input) {
  for (size_t i = 0; i < call.inputs.size(); ++i)
    if (i != input && HasRows(call, i)) return false;
  return true;
}

// Row by row, with constants that every row reads: or the elements stay in their order.
Result<bool> FirstAlone(const OpCall& call) {
  return HasRows(call, 0) && OthersAreConstant(call, 0);
}

// The first axes of all that has rows meet, and no constant has such an axis.
Result<bool> Broadcasts(const OpCall& call) {
  int rank = 0;
  for (const TensorSpec& input : call.inputs) rank = std::max(rank, input.shape.rank());
  for (size_t i = 0; i < call.inputs.size(); ++i) {
    const Shape& shape = call.inputs[i].shape;
    if (HasRows(call, i) ? shape.rank() != rank : shape.rank() == rank && shape.dim(0) != 1)
      return false;
  }
  return true;
}

Result<bool> AxisIsNotFirst(const OpCall& call, int64_t otherwise) {
  TENTER_ASSIGN_OR_RETURN(const int64_t wanted, call.attributes.Int("axis", otherwise));
  TENTER_ASSIGN_OR_RETURN(const int axis, ResolveAxis(wanted, call.inputs[0].shape.rank()));
  return axis != 0;
}

Result<bool> Concats(const OpCall& call) {
  for (size_t i = 0; i < call.inputs.size(); ++i)
    if (!HasRows(call, i)) return false;
  return AxisIsNotFirst(call, 1);
}

Result<bool> Splits(const OpCall& call) { return AxisIsNotFirst(call, 0); }

Result<bool> Softmaxes(const OpCall& call) {
  return AxisIsNotFirst(call, call.opset < 13 ? 1 : -1);
}

Result<bool> Transposes(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const std::vector<int64_t> perm, call.attributes.Ints("perm", {}));
  return perm.empty() ? call.inputs[0].shape.rank() == 1 : perm[0] == 0;
}

Result<bool> AxesAreNotFirst(const std::vector<int64_t>& listed, int rank) {
  TENTER_ASSIGN_OR_RETURN(const std::vector<int> axes, ResolveAxes(listed, rank));
  return !axes.empty() && axes[0] != 0;
}

Result<bool> Slices(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, IntsOf(call, "axes", 10, 3));
  return AxesAreNotFirst(axes, call.inputs[0].shape.rank());
}

Result<bool> Reduces(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const std::vector<int64_t> axes, call.attributes.Ints("axes", {}));
  return AxesAreNotFirst(axes, call.inputs[0].shape.rank());
}

Result<bool> Pads(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const std::vector<int64_t> pads, IntsOf(call, "pads", 11, 1));
  return pads[0] == 0 && pads[pads.size() / 2] == 0;
}

Result<bool> Gathers(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const bool inside, AxisIsNotFirst(call, 0));
  return HasRows(call, 0) ? inside && !HasRows(call, 1) : !inside;
}

Result<bool> Gemms(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const int64_t transposed, call.attributes.Int("transA", 0));
  if (transposed != 0 || !HasRows(call, 0) || HasRows(call, 1)) return false;
  if (!call.has_input(2)) return true;
  const Shape& added = call.inputs[2].shape;
  return HasRows(call, 2) ? added.rank() == 2 : added.rank() < 2 || added.dim(0) == 1;
}

// A matrix of rows times a constant one, or one product for each row.
Result<bool> Multiplies(const OpCall& call) {
  const Shape& left = call.inputs[0].shape;
  const Shape& right = call.inputs[1].shape;
  if (!HasRows(call, 1)) return left.rank() >= 2 && right.rank() <= left.rank();
  if (right.rank() < 3) return false;
  return HasRows(call, 0) ? left.rank() == right.rank() : left.rank() <= right.rank();
}

struct RuleOf {
  std::string_view op;
  Rule rule;
};

constexpr std::array kRules = {
    RuleOf{"Add", Broadcasts},         RuleOf{"Sub", Broadcasts},
    RuleOf{"Mul", Broadcasts},         RuleOf{"Div", Broadcasts},
    RuleOf{"Pow", Broadcasts},         RuleOf{"Sum", Broadcasts},
    RuleOf{"Max", Broadcasts},         RuleOf{"Min", Broadcasts},
    RuleOf{"Relu", FirstAlone},        RuleOf{"Sigmoid", FirstAlone},
    RuleOf{"Tanh", FirstAlone},        RuleOf{"Sqrt", FirstAlone},
    RuleOf{"Exp", FirstAlone},         RuleOf{"Log", FirstAlone},
    RuleOf{"Neg", FirstAlone},         RuleOf{"Abs", FirstAlone},
    RuleOf{"Reciprocal", FirstAlone},  RuleOf{"HardSwish", FirstAlone},
    RuleOf{"HardSigmoid", FirstAlone}, RuleOf{"LeakyRelu", FirstAlone},
    RuleOf{"Clip", FirstAlone},        RuleOf{"Conv", FirstAlone},
    RuleOf{"MaxPool", FirstAlone},     RuleOf{"AveragePool", FirstAlone},
    RuleOf{"Cast", FirstAlone},        RuleOf{"GlobalAveragePool", FirstAlone},
    RuleOf{"Dropout", FirstAlone},     RuleOf{"BatchNormalization", FirstAlone},
    RuleOf{"Flatten", FirstAlone},     RuleOf{"Identity", FirstAlone},
    RuleOf{"Reshape", FirstAlone},     RuleOf{"Squeeze", FirstAlone},
    RuleOf{"Unsqueeze", FirstAlone},   RuleOf{"Concat", Concats},
    RuleOf{"Split", Splits},           RuleOf{"Softmax", Softmaxes},
    RuleOf{"Transpose", Transposes},   RuleOf{"Slice", Slices},
    RuleOf{"ReduceMean", Reduces},     RuleOf{"Pad", Pads},
    RuleOf{"Gather", Gathers},         RuleOf{"Gemm", Gemms},
    RuleOf{"MatMul", Multiplies},
};

Result<bool> KeepsRows(const OpCall& call) {
  const auto found = std::find_if(kRules.begin(), kRules.end(),
                                  [&](const RuleOf& rule) { return rule.op == call.op_type; });
  return found == kRules.end() ? Result<bool>(false) : found->rule(call);
}

// A shape to reshape to is told by what comes of it.
bool ReadsTheSame(const Graph& one, const Graph& many, const Node& node) {
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (node.inputs[i] < 0 || (node.op_type == "Reshape" && i == 1)) continue;
    const auto& first = one.values[static_cast<size_t>(node.inputs[i])].constant;
    const auto& second = many.values[static_cast<size_t>(node.inputs[i])].constant;
    if (first.has_value() != second.has_value() || (first && !IsSame(*first, *second)))
      return false;
  }
  return true;
}

Status CheckNode(const Graph& one, const Graph& many, size_t requests, const Node& node) {
  const auto mixed = [&](const std::string& why) {
    return Mixed("node '" + node.name + "' (" + node.op_type + " of " + node.shapes + ") " + why);
  };
  if (!ReadsTheSame(one, many, node)) return mixed("reads what depends on how many rows there are");
  for (const int output : node.outputs)
    if (!IsTimes(*one.values[static_cast<size_t>(output)].spec,
                 *many.values[static_cast<size_t>(output)].spec, requests))
      return mixed("has another shape than one request behind the other");
  TENTER_ASSIGN_OR_RETURN(const bool keeps, KeepsRows(CallOf(one, node)));
  return keeps ? Status() : mixed("mixes rows, or is not known to keep them apart");
}

Status CheckOutput(const Graph& one, const Graph& many, int output) {
  const Value& first = one.values[static_cast<size_t>(output)];
  const Value& second = many.values[static_cast<size_t>(output)];
  const bool same = first.constant.has_value() == second.constant.has_value() &&
                    (!first.constant || IsSame(*first.constant, *second.constant));
  return same ? Status() : Mixed("output '" + first.name + "' depends on how many rows there are");
}

}  // namespace

Result<std::vector<TensorSpec>> TimesRows(std::span<const TensorSpec> signature, size_t requests) {
  std::vector<TensorSpec> many;
  for (const TensorSpec& one : signature) {
    std::vector<int64_t> dims = one.shape.dims();
    if (dims.empty()) return Mixed("an input has no rows");
    if (__builtin_mul_overflow(dims[0], static_cast<int64_t>(requests), &dims[0]))
      return Mixed("an input would be too large");
    many.push_back({one.dtype, Shape(std::move(dims))});
  }
  return many;
}

Status CheckRowsApart(const Graph& one, const Graph& many, size_t requests) {
  for (const int input : one.inputs) {
    const Value& value = one.values[static_cast<size_t>(input)];
    if (!IsTimes(*value.spec, *many.values[static_cast<size_t>(input)].spec, requests))
      return Mixed("input '" + value.name + "' has no rows");
  }
  if (one.inputs.empty()) return Mixed("the model has no input");
  if (one.nodes.size() != many.nodes.size()) return Mixed("other nodes run for several requests");
  for (size_t i = 0; i < one.nodes.size(); ++i) {
    if (one.nodes[i].name != many.nodes[i].name || one.nodes[i].inputs != many.nodes[i].inputs)
      return Mixed("other nodes run for several requests");
    TENTER_RETURN_IF_ERROR(CheckNode(one, many, requests, one.nodes[i]));
  }
  for (const int output : one.outputs) TENTER_RETURN_IF_ERROR(CheckOutput(one, many, output));
  return {};
}

}  // namespace tenter
