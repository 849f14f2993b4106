#include "runtime/ops/broadcast.h"

#include <algorithm>

namespace tenter {

Result<Shape> BroadcastShapes(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::vector<int64_t> dims(static_cast<size_t>(rank), 1);
  for (int i = 1; i <= rank; ++i) {
    const int64_t from_a = i <= a.rank() ? a.dim(-i) : 1;
    const int64_t from_b = i <= b.rank() ? b.dim(-i) : 1;
    if (from_a != from_b && from_a != 1 && from_b != 1)
      return Status(StatusCode::kInvalidArgument,
                    "shapes " + a.ToString() + " and " + b.ToString() + " do not broadcast");
    dims[static_cast<size_t>(rank - i)] = from_a == 1 ? from_b : from_a;
  }
  return Shape(std::move(dims));
}

std::vector<int64_t> PaddedDims(const Shape& shape, size_t rank) {
  std::vector<int64_t> dims(rank - shape.dims().size(), 1);
  dims.insert(dims.end(), shape.dims().begin(), shape.dims().end());
  return dims;
}

std::vector<int64_t> BroadcastStrides(const Shape& from, const Shape& to) {
  const std::vector<int64_t> dense = from.Strides();
  std::vector<int64_t> strides(static_cast<size_t>(to.rank()), 0);
  for (int i = 1; i <= from.rank(); ++i)
    if (from.dim(-i) != 1)
      strides[static_cast<size_t>(to.rank() - i)] = dense[static_cast<size_t>(from.rank() - i)];
  return strides;
}

StridedAxes MergeAxes(const std::vector<int64_t>& dims, const std::vector<int64_t>& strides) {
  StridedAxes merged;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) continue;
    if (!merged.dims.empty() && merged.strides.back() == strides[i] * dims[i]) {
      merged.dims.back() *= dims[i];
      merged.strides.back() = strides[i];
    } else {
      merged.dims.push_back(dims[i]);
      merged.strides.push_back(strides[i]);
    }
  }
  if (merged.dims.empty()) return {{1}, {0}};
  return merged;
}

bool IsPerChannel(const Shape& operand, int64_t channels, int rank) {
  if (operand.rank() > rank) return false;
  const int64_t count = operand.NumElements();
  return count == 1 ||
         (count == channels && PaddedDims(operand, static_cast<size_t>(rank))[1] == channels);
}

}  // namespace tenter
