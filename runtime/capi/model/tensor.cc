// Tensors of the C API: what a caller describes, and what is handed over to one.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/capi/context/context.h"

namespace tenter {

Result<TensorSpec> SpecOf(const tenter_tensor& tensor) {
  if (tensor.dtype < TENTER_FLOAT32 || tensor.dtype > TENTER_BOOL)
    return Status(StatusCode::kInvalidArgument,
                  "dtype " + std::to_string(tensor.dtype) + " does not exist");
  if (tensor.rank < 0 || tensor.rank > TENTER_RANK_MAX)
    return Status(StatusCode::kInvalidArgument,
                  "rank must be 0 to 8, found " + std::to_string(tensor.rank));
  TensorSpec spec{static_cast<DType>(tensor.dtype),
                  Shape(std::vector<int64_t>(tensor.dims, tensor.dims + tensor.rank))};
  for (const int64_t dim : spec.shape.dims())
    if (dim < 0)
      return Status(StatusCode::kInvalidArgument, "negative dimension in " + spec.ToString());
  TENTER_RETURN_IF_ERROR(spec.CountBytes().status());
  return spec;
}

void FillTensor(Tensor tensor, std::unique_ptr<Tensor> owner, tenter_tensor* out) noexcept {
  *out = {};
  out->dtype = static_cast<tenter_dtype>(tensor.dtype());
  out->rank = tensor.shape().rank();
  std::copy(tensor.shape().dims().begin(), tensor.shape().dims().end(), out->dims);
  out->data = tensor.mutable_raw();
  out->size_bytes = tensor.size_bytes();
  *owner = std::move(tensor);
  out->owner = owner.release();
}

Status Describe(const std::string& name, const TensorSpec& spec, tenter_tensor* out) {
  if (spec.shape.rank() > TENTER_RANK_MAX)
    return {StatusCode::kUnsupported, "'" + name + "' has a rank above 8"};
  *out = {};
  out->dtype = static_cast<tenter_dtype>(spec.dtype);
  out->rank = spec.shape.rank();
  std::copy(spec.shape.dims().begin(), spec.shape.dims().end(), out->dims);
  return {};
}

Status CheckBuffer(size_t index, const Tensor& result, const tenter_tensor& out) {
  const std::string output = "output " + std::to_string(index) + ": ";
  if (result.shape().rank() > TENTER_RANK_MAX)
    return {StatusCode::kUnsupported, output + "its rank is above 8"};
  if (out.data == nullptr) return {};
  if (out.owner != nullptr)
    return {StatusCode::kInvalidArgument, output + "the buffer is a tensor of the runtime"};
  const TensorSpec spec = result.spec();
  if (out.dtype != static_cast<tenter_dtype>(spec.dtype))
    return {StatusCode::kInvalidArgument, output + "expected a buffer for " + spec.ToString() +
                                              ", found dtype " + std::to_string(out.dtype)};
  if (out.size_bytes < result.size_bytes())
    return {StatusCode::kInvalidArgument,
            output + "expected a buffer of " + std::to_string(result.size_bytes()) + " bytes for " +
                spec.ToString() + ", found " + std::to_string(out.size_bytes)};
  return {};
}

namespace {

void CopyTo(const Tensor& result, tenter_tensor* out) {
  void* const buffer = out->data;
  std::memcpy(buffer, result.raw(), result.size_bytes());
  *out = {};
  out->dtype = static_cast<tenter_dtype>(result.dtype());
  out->rank = result.shape().rank();
  std::copy(result.shape().dims().begin(), result.shape().dims().end(), out->dims);
  out->data = buffer;
  out->size_bytes = result.size_bytes();
}

}  // namespace

void HandOver(std::vector<Tensor> results, tenter_tensor* outs) {
  std::vector<std::unique_ptr<Tensor>> owners(results.size());
  for (size_t i = 0; i < results.size(); ++i)
    if (outs[i].data == nullptr) owners[i] = std::make_unique<Tensor>();
  for (size_t i = 0; i < results.size(); ++i)
    if (owners[i] == nullptr)
      CopyTo(results[i], &outs[i]);
    else
      FillTensor(std::move(results[i]), std::move(owners[i]), &outs[i]);
}

}  // namespace tenter

extern "C" void tenter_tensor_release(tenter_tensor* tensor) {
  if (tensor->owner == nullptr) return;
  delete static_cast<tenter::Tensor*>(tensor->owner);
  *tensor = {};
}
