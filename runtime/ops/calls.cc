#include "runtime/ops/calls.h"

#include <algorithm>
#include <cstring>

namespace tenter {

Status Invalid(std::string message) { return {StatusCode::kInvalidArgument, std::move(message)}; }
Status Unsupported(std::string message) { return {StatusCode::kUnsupported, std::move(message)}; }

Result<int> ResolveAxis(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank)
    return Invalid("axis " + std::to_string(axis) + " of rank " + std::to_string(rank));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Result<std::vector<int>> ResolveAxes(const std::vector<int64_t>& axes, int rank) {
  std::vector<int> resolved;
  for (const int64_t axis : axes) {
    TENTER_ASSIGN_OR_RETURN(const int at, ResolveAxis(axis, rank));
    resolved.push_back(at);
  }
  std::sort(resolved.begin(), resolved.end());
  if (std::adjacent_find(resolved.begin(), resolved.end()) != resolved.end())
    return Invalid("an axis is named twice");
  return resolved;
}

Result<std::vector<int64_t>> KnownInts(const OpCall& call, size_t i) {
  const Tensor* tensor = call.constant(i);
  if (tensor == nullptr)
    return Unsupported("input " + std::to_string(i) + " depends on the data of the model's inputs");
  const auto count = static_cast<size_t>(tensor->shape().NumElements());
  if (tensor->shape().rank() <= 1 && tensor->dtype() == DType::kInt64)
    return std::vector<int64_t>(tensor->data<int64_t>(), tensor->data<int64_t>() + count);
  if (tensor->shape().rank() <= 1 && tensor->dtype() == DType::kInt32)
    return std::vector<int64_t>(tensor->data<int32_t>(), tensor->data<int32_t>() + count);
  return Invalid("input " + std::to_string(i) + " is " + tensor->spec().ToString() +
                 ", expected a list of integers");
}

Result<std::vector<int64_t>> IntsOf(const OpCall& call, std::string_view name, int input_since,
                                    size_t i) {
  if (call.opset < input_since) return call.attributes.Ints(name, {});
  if (!call.has_input(i)) return std::vector<int64_t>{};
  return KnownInts(call, i);
}

Status RequireType(const OpCall& call, size_t i, DType dtype) {
  if (!call.has_input(i) || call.inputs[i].dtype == dtype) return {};
  return Unsupported("input " + std::to_string(i) + " of type " +
                     std::string(DTypeName(call.inputs[i].dtype)) + " (only " +
                     std::string(DTypeName(dtype)) + ")");
}

Result<Specs> SameAsInput(const OpCall& call) { return Specs{call.inputs[0]}; }

MadeKernel MakeCopy(const OpCall&) {
  return MakeLambda([](Inputs inputs, Outputs outputs) {
    std::memcpy(outputs[0].mutable_raw(), inputs[0].raw(), outputs[0].size_bytes());
  });
}

}  // namespace tenter
