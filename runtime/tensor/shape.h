// Shape and TensorSpec: the dimensions of a tensor, and what it takes to allocate one.
//
// Thread safety: plain values.
// Ownership and lifetime: own their dimensions.
// Invariants: a dimension of -1 means "not known yet" and occurs only in graphs that are not
//   specialised.
// Errors: sizes that overflow, or that are not known, are kOutOfRange from the functions returning
//   a Result; the shorter accessors take them as programmer errors (CHECK), for specs that were
//   checked before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/tensor/dtype.h"

namespace tenter {

inline constexpr int64_t kUnknownDim = -1;

class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> dims) : dims_(dims) {}
  explicit Shape(std::vector<int64_t> dims) : dims_(std::move(dims)) {}

  int rank() const { return static_cast<int>(dims_.size()); }
  // The size of axis `i`, counted from the end when negative. REQUIRES: -rank() <= i < rank().
  int64_t dim(int i) const;
  const std::vector<int64_t>& dims() const { return dims_; }

  // True when every dimension is known.
  bool IsConcrete() const;

  // The number of elements; 1 for rank 0. Shapes whose other axes overflow are refused beside a 0
  // too.
  Result<int64_t> CountElements() const;
  // As CountElements. REQUIRES: it succeeds.
  int64_t NumElements() const;
  // The product of the dimensions first <= i < last. REQUIRES: 0 <= first, last <= rank().
  int64_t NumElements(int first, int last) const;

  // Elements between neighbours along each axis, row-major. REQUIRES: NumElements() succeeds.
  std::vector<int64_t> Strides() const;

  // "[1,3,48,192]", with "?" for an unknown dimension.
  std::string ToString() const;
  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  std::vector<int64_t> dims_;
};

struct TensorSpec {
  DType dtype = DType::kFloat32;
  Shape shape;

  // Bytes of a dense tensor of this spec.
  Result<size_t> CountBytes() const;
  // As CountBytes. REQUIRES: it succeeds.
  size_t size_bytes() const;

  // "float32[1,3,48,192]".
  std::string ToString() const;
  friend bool operator==(const TensorSpec&, const TensorSpec&) = default;
};

}  // namespace tenter
