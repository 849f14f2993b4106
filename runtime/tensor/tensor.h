// Tensor: a typed, dense, row-major view of shared memory; what kernels read and write.
//
// Thread safety: distinct Tensor objects may be used from distinct threads; who may write the
//   elements when is decided above (the engine's vars), not here.
// Ownership and lifetime: a Tensor keeps its owner (block, arena, sealed pages) alive, except one
//   made by Borrow. Copying copies the view, never the elements.
// Invariants: (1) the memory holds at least spec().size_bytes() bytes. (2) A defined tensor has a
//   concrete spec whose size was checked.
// Errors: Allocate returns kOutOfRange or kResourceExhausted. Reading as the wrong type is a CHECK.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/tensor/dtype.h"
#include "runtime/tensor/shape.h"

namespace tenter {

class Tensor {
 public:
  // An undefined tensor: the mark of an absent optional input.
  Tensor() = default;

  // A zeroed tensor in a block of its own.
  static Result<Tensor> Allocate(const TensorSpec& spec);
  // One for each.
  static Result<std::vector<Tensor>> AllocateAll(std::span<const TensorSpec> specs);
  // A view of `data`, which `owner` keeps alive. REQUIRES: data is not null.
  static Tensor View(TensorSpec spec, std::shared_ptr<void> owner, void* data);
  // A view of memory that the caller keeps alive. REQUIRES: data is not null.
  static Tensor Borrow(TensorSpec spec, void* data);

  // The same elements under another spec of as many bytes, kept alive as these are.
  Tensor ViewAs(TensorSpec spec) const;

  // Shows other memory of the same size, which the caller keeps alive. REQUIRES: made by Borrow;
  // data is not null.
  void PointTo(void* data);

  bool defined() const { return data_ != nullptr; }
  const TensorSpec& spec() const { return spec_; }
  DType dtype() const { return spec_.dtype; }
  const Shape& shape() const { return spec_.shape; }
  size_t size_bytes() const { return size_bytes_; }

  // The elements. REQUIRES: defined, and T is the element type.
  template <typename T>
  const T* data() const {
    CheckType(kDTypeOf<T>);
    return static_cast<const T*>(data_);
  }
  template <typename T>
  T* mutable_data() {
    CheckType(kDTypeOf<T>);
    return static_cast<T*>(data_);
  }
  const void* raw() const { return data_; }
  void* mutable_raw() { return data_; }

 private:
  Tensor(TensorSpec spec, std::shared_ptr<void> owner, void* data);
  void CheckType(DType wanted) const;

  TensorSpec spec_;
  size_t size_bytes_ = 0;
  std::shared_ptr<void> owner_;
  void* data_ = nullptr;
};

// A hash of the bytes, for digests of outputs and parameters; eight bytes per step.
uint64_t DigestBytes(const void* data, size_t size_bytes);

}  // namespace tenter
