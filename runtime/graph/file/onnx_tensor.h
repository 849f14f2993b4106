// ReadTensor: a tensor as the file holds it becomes one in memory.
//
// Thread safety: any thread.
// Ownership and lifetime: elements are copied once, from the file to their place; nothing of the
//   file is kept.
// Invariants: memory is asked for only once the data is known to have the size that the shape
//   wants, so that a wrong shape allocates nothing.
// Errors: kUnsupported with a phrase ("type STRING of tensor 'w'"), kInvalidArgument with a
//   sentence, kDataLoss when the file was cut off while it was read.
#pragma once

#include <optional>
#include <string>

#include "runtime/base/status.h"
#include "runtime/graph/file/onnx_skeleton.h"
#include "runtime/tensor/tensor.h"

namespace onnx {
class TensorProto;
}

namespace tenter {

// The type with this number in the file, if there is one here.
std::optional<DType> DTypeOfOnnx(int onnx_type);

// "FLOAT16", or "number 99" for one that ONNX does not have.
std::string OnnxTypeName(int onnx_type);

// What the file says of the tensor, which has as many elements as that wants.
Result<TensorSpec> CheckTensor(const onnx::TensorProto& proto, const OnnxSkeleton& skeleton);
// Brings its elements to `tensor`, which has the spec that CheckTensor answered.
Status FillTensor(const onnx::TensorProto& proto, const OnnxSkeleton& skeleton, Tensor& tensor);

// Both, for a tensor of its own.
Result<Tensor> ReadTensor(const onnx::TensorProto& proto, const OnnxSkeleton& skeleton);

}  // namespace tenter
