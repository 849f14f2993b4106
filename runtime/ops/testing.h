// What the tests of ops and graphs share: tensors from lists, and one op run from its name.
//
// Thread safety: pure functions.
// Ownership and lifetime: results own their memory.
// Errors: RunOp returns what inference or the kernel says.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/rng.h"
#include "runtime/device/memory.h"
#include "runtime/ops/op.h"

namespace tenter {

template <typename T>
Tensor MakeTensor(const Shape& shape, const std::vector<T>& values) {
  Tensor tensor = Tensor::Allocate({kDTypeOf<T>, shape}).value();
  TENTER_CHECK(static_cast<int64_t>(values.size()) == shape.NumElements(), shape.ToString());
  std::copy(values.begin(), values.end(), tensor.mutable_data<T>());
  return tensor;
}

inline Tensor Floats(const Shape& shape, const std::vector<float>& values) {
  return MakeTensor<float>(shape, values);
}
inline Tensor Ints(const std::vector<int64_t>& values) {
  return MakeTensor<int64_t>({static_cast<int64_t>(values.size())}, values);
}
inline Tensor Scalar(float value) { return MakeTensor<float>({}, {value}); }

// Uniform in [low, high).
inline Tensor RandomFloats(const Shape& shape, Rng& rng, float low = -1.0f, float high = 1.0f) {
  Tensor tensor = Tensor::Allocate({DType::kFloat32, shape}).value();
  for (int64_t i = 0; i < shape.NumElements(); ++i)
    tensor.mutable_data<float>()[i] = low + (high - low) * static_cast<float>(rng.Unit());
  return tensor;
}

template <typename T>
std::vector<T> Elements(const Tensor& tensor) {
  return std::vector<T>(tensor.data<T>(), tensor.data<T>() + tensor.shape().NumElements());
}

inline Attributes With(std::vector<std::pair<std::string, AttributeValue>> pairs) {
  Attributes attributes;
  for (auto& [name, value] : pairs) attributes.Set(name, std::move(value));
  return attributes;
}

struct OpRun {
  std::vector<Tensor> outputs;
  std::string implementation;
};

// A call of `op_type` on these tensors, all of them known. Undefined tensors are absent inputs.
inline OpCall CallWith(std::string_view op_type, const Attributes& attributes,
                       const std::vector<Tensor>& inputs, int opset, int output_count) {
  OpCall call{"n1", op_type, attributes, opset, {}, {}, {}};
  call.output_count = output_count;
  for (const Tensor& input : inputs) {
    call.inputs.push_back(input.spec());
    call.constants.push_back(&input);
    call.present.push_back(input.defined());
  }
  return call;
}

inline Result<OpRun> RunOp(std::string_view op_type, const Attributes& attributes,
                           const std::vector<Tensor>& inputs, int opset = 11, int output_count = 1,
                           KernelChoice choice = KernelChoice::kReference, Cut cut = {}) {
  OpCall call = CallWith(op_type, attributes, inputs, opset, output_count);
  call.cut = cut;
  TENTER_ASSIGN_OR_RETURN(const std::vector<TensorSpec> specs, InferOp(call));
  TENTER_ASSIGN_OR_RETURN(const auto kernel, MakeKernel(call, specs, choice));
  OpRun run;
  run.implementation = kernel->implementation();
  for (const TensorSpec& spec : specs) {
    TENTER_ASSIGN_OR_RETURN(Tensor output, Tensor::Allocate(spec));
    run.outputs.push_back(std::move(output));
  }
  TENTER_ASSIGN_OR_RETURN(const auto scratch, HostBlock::Allocate(kernel->scratch_bytes()));
  try {
    kernel->Run(inputs, run.outputs, {.scratch = scratch->data()});
  } catch (const StatusError& error) {
    return error.status();
  }
  return run;
}

}  // namespace tenter
