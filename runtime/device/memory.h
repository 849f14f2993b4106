// HostBlock and ProtectedPages: the two kinds of host memory that tensors live in.
//
// A HostBlock backs arenas and outputs. ProtectedPages back the parameters of a model: once sealed,
// a write by anybody faults at the guilty instruction, in every flavour (contract COP-2).
//
// Thread safety: const methods from any thread; Seal belongs to the owner, before the pages are
//   shared, and GiveBack and BringBack to whoever knows that nobody reads these bytes.
// Ownership and lifetime: shared; views (Tensor) hold a reference to the block, never a bare
//   pointer.
// Invariants: (1) data() is aligned to kMemoryAlignment and never null, because oneDNN crashes on a
//   null handle. (2) A fresh block holds zeros, so that no result can depend on what was in memory
//   before. (3) A sealed block stays sealed until it is unmapped, but for bytes that come back.
// Errors: kResourceExhausted when the system or the limit kBlockBytesMax refuses; nothing is held
//   then.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "runtime/base/status.h"

namespace tenter {

// One cache line, and the widest vector register.
inline constexpr size_t kMemoryAlignment = 64;
// A request above this is refused without asking the allocator: sanitizers end the process instead.
inline constexpr size_t kBlockBytesMax = size_t{1} << 34;

// The next multiple of kMemoryAlignment. REQUIRES: size_bytes <= kBlockBytesMax.
constexpr size_t AlignUp(size_t size_bytes) {
  return (size_bytes + kMemoryAlignment - 1) / kMemoryAlignment * kMemoryAlignment;
}

// Of the system.
size_t PageBytes();

class HostBlock {
 public:
  // Allocates zeroed memory; zero bytes are allowed.
  static Result<std::shared_ptr<HostBlock>> Allocate(size_t size_bytes);
  ~HostBlock();
  HostBlock(const HostBlock&) = delete;
  HostBlock& operator=(const HostBlock&) = delete;

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  size_t size_bytes() const { return size_bytes_; }

 private:
  HostBlock(std::byte* data, size_t size_bytes) : data_(data), size_bytes_(size_bytes) {}

  std::byte* const data_;
  const size_t size_bytes_;
};

class ProtectedPages {
 public:
  // Maps zeroed, writable pages of their own; zero bytes are allowed.
  static Result<std::shared_ptr<ProtectedPages>> Allocate(size_t size_bytes);
  ~ProtectedPages();
  ProtectedPages(const ProtectedPages&) = delete;
  ProtectedPages& operator=(const ProtectedPages&) = delete;

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  // What was asked for; the mapping is rounded up to whole pages.
  size_t size_bytes() const { return size_bytes_; }

  // Brings what is on the pages of `from` to `offset`: where the system can, by moving the pages,
  // after which `from` is empty. REQUIRES: they fit, `offset` is that of a page, and nothing is
  // sealed.
  Status TakePagesOf(ProtectedPages& from, size_t offset);

  // Makes the pages read-only: a later write raises SIGSEGV. Sealing twice changes nothing.
  Status Seal();
  bool sealed() const { return sealed_; }

  // Gives the pages under these bytes back to the system: until they come back, whoever touches
  // them faults. False, and nothing has happened, where the system does not take them. REQUIRES:
  // sealed, and nothing else lies on these pages.
  bool GiveBack(const void* first, size_t size_bytes);
  // Has `fill` write them again, and seals them. Nobody may read them meanwhile.
  Status BringBack(const void* first, size_t size_bytes,
                   const std::function<void(std::byte*)>& fill);

  // True when `address` lies inside the size_bytes() bytes of this block.
  bool Contains(const void* address) const;

 private:
  ProtectedPages(std::byte* data, size_t size_bytes, size_t mapped_bytes)
      : data_(data), size_bytes_(size_bytes), mapped_bytes_(mapped_bytes) {}

  std::byte* const data_;
  const size_t size_bytes_;
  size_t mapped_bytes_;  // 0 once another block has taken them
  bool sealed_ = false;
};

}  // namespace tenter
