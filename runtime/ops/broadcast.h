// Broadcast: numpy's rule for combining shapes, and walks over strided memory.
//
// Thread safety: pure functions.
// Invariants: a walk visits the elements of `dims` in row-major order, so kernels built on it are
//   deterministic.
// Errors: kInvalidArgument names both shapes.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/tensor/shape.h"

namespace tenter {

// The shape that both broadcast to: aligned at the last axis, a dimension of 1 stretches.
Result<Shape> BroadcastShapes(const Shape& a, const Shape& b);

// The dims of `shape` with axes of 1 in front, up to `rank`. REQUIRES: it has no more axes.
std::vector<int64_t> PaddedDims(const Shape& shape, size_t rank);
// True when `operand` is one number for each channel of a tensor [N,C,...] of this rank, or one for
// all, and makes it no larger. REQUIRES: rank > 1.
bool IsPerChannel(const Shape& operand, int64_t channels, int rank);

// Strides in elements with which `from` is read as if it had the shape `to`: 0 along stretched
// axes. REQUIRES: `from` broadcasts to `to`.
std::vector<int64_t> BroadcastStrides(const Shape& from, const Shape& to);

// Calls visit(position, offset) for every index of `dims`: `position` counts 0, 1, 2, ... and
// `offset` is start + the sum of index times stride.
template <typename Visit>
void WalkStrided(const std::vector<int64_t>& dims, const std::vector<int64_t>& strides,
                 int64_t start, Visit visit) {
  for (const int64_t dim : dims)
    if (dim == 0) return;
  std::vector<int64_t> index(dims.size(), 0);
  int64_t offset = start;
  for (int64_t position = 0;; ++position) {
    visit(position, offset);
    size_t axis = dims.size();
    // Counts up like an odometer: axes that are full go back to 0 and carry to the left.
    for (; axis > 0; --axis) {
      offset += strides[axis - 1];
      if (++index[axis - 1] < dims[axis - 1]) break;
      offset -= strides[axis - 1] * dims[axis - 1];
      index[axis - 1] = 0;
    }
    if (axis == 0) return;
  }
}

// How one operand is read along `dims`, with as few axes as say the same: axes of 1 are dropped,
// and neighbours that one stride serves are one axis. There is at least one.
struct StridedAxes {
  std::vector<int64_t> dims;
  std::vector<int64_t> strides;
};
StridedAxes MergeAxes(const std::vector<int64_t>& dims, const std::vector<int64_t>& strides);

// As WalkStrided from 0, a row at a time: visit(position, offset, count, stride) stands for `count`
// visits, of (position + i, offset + i * stride). A row goes along the last of the merged axes.
template <typename Visit>
void WalkRows(const std::vector<int64_t>& dims, const std::vector<int64_t>& strides, Visit visit) {
  StridedAxes axes = MergeAxes(dims, strides);
  const int64_t count = axes.dims.back(), stride = axes.strides.back();
  if (count == 0) return;
  axes.dims.pop_back();
  axes.strides.pop_back();
  WalkStrided(axes.dims, axes.strides, 0, [&](int64_t position, int64_t offset) {
    visit(position * count, offset, count, stride);
  });
}

}  // namespace tenter
