#include "runtime/tensor/shape.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace tenter {

int64_t Shape::dim(int i) const {
  const int at = i < 0 ? i + rank() : i;
  TENTER_CHECK(at >= 0 && at < rank(), "axis " + std::to_string(i) + " of " + ToString());
  return dims_[static_cast<size_t>(at)];
}

bool Shape::IsConcrete() const {
  return std::all_of(dims_.begin(), dims_.end(), [](int64_t dim) { return dim >= 0; });
}

Result<int64_t> Shape::CountElements() const {
  // Zeros are left out of the product at first, so that no partial product overflows later either.
  if (!IsConcrete())
    return Status(StatusCode::kOutOfRange, "shape " + ToString() + " is not known");
  int64_t count = 1;
  for (const int64_t dim : dims_)
    if (__builtin_mul_overflow(count, std::max<int64_t>(dim, 1), &count))
      return Status(StatusCode::kOutOfRange, "shape " + ToString() + " has too many elements");
  if (std::count(dims_.begin(), dims_.end(), 0) > 0) return int64_t{0};
  return count;
}

int64_t Shape::NumElements() const { return CountElements().value(); }

int64_t Shape::NumElements(int first, int last) const {
  TENTER_CHECK(0 <= first && last <= rank(), "axes outside " + ToString());
  int64_t count = 1;
  for (int i = first; i < last; ++i) count *= dims_[static_cast<size_t>(i)];
  return count;
}

std::vector<int64_t> Shape::Strides() const {
  std::vector<int64_t> strides(dims_.size(), 1);
  for (int i = rank() - 2; i >= 0; --i) {
    const auto at = static_cast<size_t>(i);
    strides[at] = strides[at + 1] * std::max<int64_t>(dims_[at + 1], 1);
  }
  return strides;
}

std::string Shape::ToString() const {
  std::string text = "[";
  for (size_t i = 0; i < dims_.size(); ++i) {
    if (i > 0) text += ",";
    text += dims_[i] == kUnknownDim ? "?" : std::to_string(dims_[i]);
  }
  return text + "]";
}

Result<size_t> TensorSpec::CountBytes() const {
  TENTER_ASSIGN_OR_RETURN(const int64_t count, shape.CountElements());
  size_t bytes = 0;
  if (__builtin_mul_overflow(static_cast<size_t>(count), DTypeBytes(dtype), &bytes))
    return Status(StatusCode::kOutOfRange, ToString() + " has too many bytes");
  return bytes;
}

size_t TensorSpec::size_bytes() const { return CountBytes().value(); }

std::string TensorSpec::ToString() const {
  return std::string(DTypeName(dtype)) + shape.ToString();
}

}  // namespace tenter
