// Tensors of the C API: what a caller describes, and what is handed over to one.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "runtime/capi/context.h"

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

void FillTensor(Tensor tensor, tenter_tensor* out) {
  *out = {};
  out->dtype = static_cast<tenter_dtype>(tensor.dtype());
  out->rank = tensor.shape().rank();
  std::copy(tensor.shape().dims().begin(), tensor.shape().dims().end(), out->dims);
  out->data = tensor.mutable_raw();
  out->size_bytes = tensor.size_bytes();
  out->owner = new Tensor(std::move(tensor));
}

}  // namespace tenter

extern "C" void tenter_tensor_release(tenter_tensor* tensor) {
  if (tensor->owner == nullptr) return;
  delete static_cast<tenter::Tensor*>(tensor->owner);
  *tensor = {};
}
