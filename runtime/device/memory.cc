#include "runtime/device/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

namespace tenter {
namespace {

Status NoMemory(const char* what, size_t size_bytes, const std::string& reason) {
  return {StatusCode::kResourceExhausted,
          std::string(what) + " of " + std::to_string(size_bytes) + " bytes: " + reason};
}

// For objects without which the memory that they would own is given back; the text is so short that
// it is kept without allocating.
Status NoMemoryForTheOwner() { return {StatusCode::kResourceExhausted, "out of memory"}; }

// At least one.
size_t WholePages(size_t size_bytes) {
  const size_t page = PageBytes();
  return (std::max<size_t>(size_bytes, 1) + page - 1) / page * page;
}

}  // namespace

size_t PageBytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

Result<std::shared_ptr<HostBlock>> HostBlock::Allocate(size_t size_bytes) {
  if (size_bytes > kBlockBytesMax) return NoMemory("block", size_bytes, "above the limit");
  const size_t padded = AlignUp(std::max<size_t>(size_bytes, 1));
  void* data = std::aligned_alloc(kMemoryAlignment, padded);
  if (data == nullptr) return NoMemory("block", size_bytes, "out of memory");
  std::memset(data, 0, padded);
  HostBlock* block = nullptr;
  try {
    block = new HostBlock(static_cast<std::byte*>(data), size_bytes);
    return std::shared_ptr<HostBlock>(block);  // destroys the block when it cannot own it
  } catch (const std::bad_alloc&) {
    if (block == nullptr) std::free(data);
    return NoMemoryForTheOwner();
  }
}

HostBlock::~HostBlock() { std::free(data_); }

Result<std::shared_ptr<ProtectedPages>> ProtectedPages::Allocate(size_t size_bytes) {
  if (size_bytes > kBlockBytesMax) return NoMemory("pages", size_bytes, "above the limit");
  const size_t mapped = WholePages(size_bytes);
  void* data = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return NoMemory("pages", size_bytes, std::strerror(errno));
  ProtectedPages* pages = nullptr;
  try {
    pages = new ProtectedPages(static_cast<std::byte*>(data), size_bytes, mapped);
    return std::shared_ptr<ProtectedPages>(pages);
  } catch (const std::bad_alloc&) {
    if (pages == nullptr) munmap(data, mapped);
    return NoMemoryForTheOwner();
  }
}

ProtectedPages::~ProtectedPages() {
  if (mapped_bytes_ > 0) munmap(data_, mapped_bytes_);
}

Status ProtectedPages::TakePagesOf(ProtectedPages& from, size_t offset) {
  void* const place = data_ + offset;
#if defined(MREMAP_FIXED)
  if (mremap(from.data_, from.mapped_bytes_, from.mapped_bytes_, MREMAP_MAYMOVE | MREMAP_FIXED,
             place) != MAP_FAILED) {
    from.mapped_bytes_ = 0;
    return {};
  }
  // It may have unmapped what was there.
  if (mmap(place, from.mapped_bytes_, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
    return NoMemory("pages", from.size_bytes_, std::strerror(errno));
#endif
  std::memcpy(place, from.data_, from.size_bytes_);
  return {};
}

Status ProtectedPages::Seal() {
  if (sealed_) return {};
  if (mprotect(data_, mapped_bytes_, PROT_READ) != 0)
    return NoMemory("sealing of pages", size_bytes_, std::strerror(errno));
  sealed_ = true;
  return {};
}

bool ProtectedPages::GiveBack(const void* first, size_t size_bytes) {
  void* const pages = const_cast<void*>(first);
  const size_t mapped = WholePages(size_bytes);
  if (mprotect(pages, mapped, PROT_NONE) != 0) return false;
#if defined(MADV_DONTNEED)
  if (madvise(pages, mapped, MADV_DONTNEED) == 0) return true;
#endif
  // Pages that cannot be had back are as good as given back.
  return mprotect(pages, mapped, PROT_READ) != 0;
}

Status ProtectedPages::BringBack(const void* first, size_t size_bytes,
                                 const std::function<void(std::byte*)>& fill) {
  void* const pages = const_cast<void*>(first);
  const size_t mapped = WholePages(size_bytes);
  if (mprotect(pages, mapped, PROT_READ | PROT_WRITE) != 0)
    return NoMemory("pages", size_bytes, std::strerror(errno));
  try {
    fill(static_cast<std::byte*>(pages));
  } catch (...) {
    mprotect(pages, mapped, PROT_NONE);
    throw;
  }
  if (mprotect(pages, mapped, PROT_READ) != 0)
    return NoMemory("sealing of pages", size_bytes, std::strerror(errno));
  return {};
}

bool ProtectedPages::Contains(const void* address) const {
  const auto first = reinterpret_cast<uintptr_t>(data_);
  const auto at = reinterpret_cast<uintptr_t>(address);
  return at >= first && at - first < size_bytes_;
}

}  // namespace tenter
