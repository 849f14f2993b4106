#include "runtime/tensor/tensor.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/rng.h"
#include "runtime/device/memory.h"

namespace tenter {

Tensor::Tensor(TensorSpec spec, std::shared_ptr<void> owner, void* data)
    : spec_(std::move(spec)),
      size_bytes_(spec_.size_bytes()),
      owner_(std::move(owner)),
      data_(data) {
  TENTER_CHECK(data_ != nullptr, "a tensor " + spec_.ToString() + " without memory");
}

Result<Tensor> Tensor::Allocate(const TensorSpec& spec) {
  TENTER_ASSIGN_OR_RETURN(const size_t size_bytes, spec.CountBytes());
  TENTER_ASSIGN_OR_RETURN(std::shared_ptr<HostBlock> block, HostBlock::Allocate(size_bytes));
  std::byte* const data = block->data();
  return Tensor(spec, std::move(block), data);
}

Result<std::vector<Tensor>> Tensor::AllocateAll(std::span<const TensorSpec> specs) {
  std::vector<Tensor> tensors;
  tensors.reserve(specs.size());
  for (const TensorSpec& spec : specs) {
    TENTER_ASSIGN_OR_RETURN(Tensor tensor, Allocate(spec));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Tensor Tensor::View(TensorSpec spec, std::shared_ptr<void> owner, void* data) {
  return Tensor(std::move(spec), std::move(owner), data);
}

Tensor Tensor::Borrow(TensorSpec spec, void* data) {
  return Tensor(std::move(spec), nullptr, data);
}

void Tensor::PointTo(void* data) {
  TENTER_CHECK(defined() && owner_ == nullptr && data != nullptr,
               "only a borrowed tensor may show other memory");
  data_ = data;
}

Tensor Tensor::ViewAs(TensorSpec spec) const {
  TENTER_CHECK(spec.size_bytes() == size_bytes_,
               spec_.ToString() + " cannot be seen as " + spec.ToString());
  return Tensor(std::move(spec), owner_, data_);
}

void Tensor::CheckType(DType wanted) const {
  TENTER_CHECK(defined(), "reading an undefined tensor");
  TENTER_CHECK(wanted == spec_.dtype,
               "reading " + spec_.ToString() + " as " + std::string(DTypeName(wanted)));
}

uint64_t DigestBytes(const void* data, size_t size_bytes) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  uint64_t hash = Mix64(size_bytes);
  for (size_t at = 0; at < size_bytes; at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + at, std::min(sizeof(word), size_bytes - at));
    hash = CombineHash(hash, word);
  }
  return hash;
}

}  // namespace tenter
