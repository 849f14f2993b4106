#include "fuzz/model/oracle/ops.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

namespace tenter::fuzz::model {
namespace {

std::array<std::span<const Op>, 5> Families() {
  return {ElementwiseOps(), WindowOps(), DenseOps(), MovementOps(), ShapeOps()};
}

}  // namespace

double LargestSlack(Operands operands) {
  double slack = 0;
  for (const Array* const operand : operands)
    if (operand != nullptr) slack = std::max(slack, operand->slack);
  return slack;
}

double SumOfSlacks(Operands operands) {
  double slack = 0;
  for (const Array* const operand : operands) slack += operand->slack;
  return slack;
}

double SlackOfProduct(Operands operands) {
  const Array &a = *operands[0], &b = *operands[1];
  // Infinity times what may be zero, or may be next to it.
  if ((a.slack > 0 && b.nonfinite) || (b.slack > 0 && a.nonfinite))
    return std::numeric_limits<double>::infinity();
  return a.slack * (b.most + b.slack) + b.slack * a.most;
}

const Op* FindOp(std::string_view name) {
  for (const auto ops : Families()) {
    const auto found =
        std::find_if(ops.begin(), ops.end(), [&](const Op& op) { return op.name == name; });
    if (found != ops.end()) return &*found;
  }
  return nullptr;
}

std::vector<std::string> NamesOfOps() {
  std::vector<std::string> names;
  for (const auto ops : Families())
    for (const Op& op : ops) names.emplace_back(op.name);
  return names;
}

const std::vector<std::string>& AttributesOf(std::string_view op) {
  static const std::map<std::string_view, std::vector<std::string>> kAttributes = {
      {"AveragePool",
       {"kernel_shape", "pads", "strides", "ceil_mode", "count_include_pad", "same_upper",
        "same_lower", "valid"}},
      {"BatchNormalization", {"epsilon"}},
      {"Cast", {"to"}},
      {"Clip", {"min", "max"}},
      {"Concat", {"axis"}},
      {"Conv", {"pads", "strides", "dilations", "group", "same_upper", "same_lower", "valid"}},
      {"Dropout", {"ratio", "training", "mask"}},
      {"Flatten", {"axis"}},
      {"Gather", {"axis"}},
      {"Gemm", {"alpha", "beta", "transA", "transB"}},
      {"HardSigmoid", {"alpha", "beta"}},
      {"LeakyRelu", {"alpha"}},
      {"MaxPool",
       {"kernel_shape", "pads", "strides", "dilations", "ceil_mode", "same_upper", "same_lower",
        "valid"}},
      {"Pad", {"pads", "value"}},
      {"ReduceMean", {"axes", "keepdims"}},
      {"Reshape", {"shape"}},
      {"Slice", {"starts", "ends", "axes", "steps"}},
      {"Split", {"axis", "parts"}},
      {"Squeeze", {"axes"}},
      {"Transpose", {"perm"}},
      {"Unsqueeze", {"axes"}}};
  const auto found = kAttributes.find(op);
  static const std::vector<std::string> kNone;
  return found == kAttributes.end() ? kNone : found->second;
}

std::optional<size_t> AxisOf(double axis, int rank) {
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return std::nullopt;
  return static_cast<size_t>(axis);
}

}  // namespace tenter::fuzz::model
