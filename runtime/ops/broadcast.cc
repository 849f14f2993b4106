#include "runtime/ops/broadcast.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

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

std::vector<int64_t> BroadcastStrides(const Shape& from, const Shape& to) {
  const std::vector<int64_t> dense = from.Strides();
  std::vector<int64_t> strides(static_cast<size_t>(to.rank()), 0);
  for (int i = 1; i <= from.rank(); ++i)
    if (from.dim(-i) != 1)
      strides[static_cast<size_t>(to.rank() - i)] = dense[static_cast<size_t>(from.rank() - i)];
  return strides;
}

void CopyStrided(const void* source, void* target, size_t element_bytes,
                 const std::vector<int64_t>& dims, const std::vector<int64_t>& strides,
                 int64_t start) {
  const auto* from = static_cast<const std::byte*>(source);
  auto* to = static_cast<std::byte*>(target);
  WalkStrided(dims, strides, start, [&](int64_t position, int64_t offset) {
    std::memcpy(to + static_cast<size_t>(position) * element_bytes,
                from + static_cast<size_t>(offset) * element_bytes, element_bytes);
  });
}

}  // namespace tenter
