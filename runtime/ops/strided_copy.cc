#include "runtime/ops/strided_copy.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/check.h"
#include "runtime/ops/broadcast.h"

namespace tenter {
namespace {

// As many elements of 4 bytes as a cache line has, so that a tile of both sides stays in the cache.
constexpr int64_t kTile = 16;

// target[row * columns + column] = source[row * row_stride + column * column_stride].
template <typename T>
void CopyMatrix(const T* source, T* target, int64_t rows, int64_t columns, int64_t row_stride,
                int64_t column_stride) {
  for (int64_t row = 0; row < rows; row += kTile) {
    const int64_t row_end = std::min(row + kTile, rows);
    for (int64_t column = 0; column < columns; column += kTile) {
      const int64_t column_end = std::min(column + kTile, columns);
      for (int64_t i = row; i < row_end; ++i)
        for (int64_t k = column; k < column_end; ++k)
          target[i * columns + k] = source[i * row_stride + k * column_stride];
    }
  }
}

// The same for a few columns: one run over memory that lies column by column, such as an image of
// three channels that gets its channels last.
template <size_t kColumns, typename T>
void CopyColumns(const T* source, T* target, int64_t rows, int64_t row_stride,
                 int64_t column_stride) {
  for (int64_t i = 0; i < rows; ++i, source += row_stride, target += kColumns)
    for (size_t k = 0; k < kColumns; ++k)
      target[k] = source[static_cast<int64_t>(k) * column_stride];
}

template <typename T>
void CopyAs(const T* source, T* target, StridedAxes axes) {
  const int64_t columns = axes.dims.back(), column_stride = axes.strides.back();
  axes.dims.pop_back();
  axes.strides.pop_back();
  if (columns == 0) return;
  if (column_stride == 1 || axes.dims.empty()) {
    WalkStrided(axes.dims, axes.strides, 0, [&](int64_t position, int64_t offset) {
      T* const row = target + position * columns;
      if (column_stride == 1)
        std::memcpy(row, source + offset, static_cast<size_t>(columns) * sizeof(T));
      else
        for (int64_t i = 0; i < columns; ++i) row[i] = source[offset + i * column_stride];
    });
    return;
  }
  const int64_t rows = axes.dims.back(), row_stride = axes.strides.back();
  axes.dims.pop_back();
  axes.strides.pop_back();
  WalkStrided(axes.dims, axes.strides, 0, [&](int64_t position, int64_t offset) {
    T* const matrix = target + position * rows * columns;
    if (columns == 2)
      return CopyColumns<2>(source + offset, matrix, rows, row_stride, column_stride);
    if (columns == 3)
      return CopyColumns<3>(source + offset, matrix, rows, row_stride, column_stride);
    if (columns == 4)
      return CopyColumns<4>(source + offset, matrix, rows, row_stride, column_stride);
    CopyMatrix(source + offset, matrix, rows, columns, row_stride, column_stride);
  });
}

template <typename T>
void CopyFrom(const void* source, void* target, int64_t start, StridedAxes axes) {
  CopyAs(static_cast<const T*>(source) + start, static_cast<T*>(target), std::move(axes));
}

}  // namespace

void CopyStrided(const void* source, void* target, size_t element_bytes,
                 const std::vector<int64_t>& dims, const std::vector<int64_t>& strides,
                 int64_t start) {
  if (std::count(dims.begin(), dims.end(), 0) > 0) return;
  StridedAxes axes = MergeAxes(dims, strides);
  switch (element_bytes) {
    case 1:
      return CopyFrom<uint8_t>(source, target, start, std::move(axes));
    case 2:
      return CopyFrom<uint16_t>(source, target, start, std::move(axes));
    case 4:
      return CopyFrom<uint32_t>(source, target, start, std::move(axes));
    default:
      TENTER_CHECK(element_bytes == 8, "an element of " + std::to_string(element_bytes) + " bytes");
      return CopyFrom<uint64_t>(source, target, start, std::move(axes));
  }
}

}  // namespace tenter
