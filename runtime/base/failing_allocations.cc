#include "runtime/base/failing_allocations.h"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "runtime/base/atomic.h"
#include "runtime/base/check.h"
#include "runtime/base/thread.h"

// What malloc and its kin do when they do not fail. The sanitizers have them under names of their
// own, and expect that a program puts itself before them; glibc has names for the same purpose.
#if defined(TENTER_TSAN) || defined(TENTER_ASAN)
#define TENTER_SYSTEM(name) ___interceptor_##name
#else
#define TENTER_SYSTEM(name) __libc_##name
#endif

extern "C" {
void* TENTER_SYSTEM(malloc)(size_t bytes);
void* TENTER_SYSTEM(calloc)(size_t count, size_t bytes);
void* TENTER_SYSTEM(realloc)(void* memory, size_t bytes);
void* TENTER_SYSTEM(memalign)(size_t alignment, size_t bytes);
void TENTER_SYSTEM(free)(void* memory);
}

namespace tenter {
namespace {

using Which = FailingAllocations::Which;

// The one place that operator new and malloc can look at, since nobody can hand them an argument.
// The counts order nothing.
struct Armed {
  Atomic<uint64_t> thread = 0;  // whose allocations count, kEverybody, or 0
  Atomic<bool> malloc_too = false;
  Atomic<int64_t> first = 0;  // that fails
  Atomic<int64_t> last = 0;
  Atomic<int64_t> seen = 0;
  Atomic<int64_t> failed = 0;
  Atomic<bool> counts_blocks = false;
  Atomic<int64_t> blocks = 0;
  Atomic<uint64_t> spared[FailingAllocations::kSparedThreads] = {};
};
constexpr uint64_t kEverybody = UINT64_MAX;
constinit Armed armed;

bool IsSpared(uint64_t thread) {
  for (const Atomic<uint64_t>& spared : armed.spared)
    if (spared.Load(kRelaxed) == thread) return true;
  return false;
}

bool FailsNow(Which which) {
  const uint64_t whose = armed.thread.Load(kRelaxed);
  if (whose == 0) [[likely]]
    return false;
  // Below operator new stands malloc: an allocation counts at one of them.
  if (armed.malloc_too.Load(kRelaxed) != (which == Which::kMallocToo)) return false;
  const uint64_t thread = CurrentThreadKey();
  if ((whose != kEverybody && whose != thread) || IsSpared(thread)) return false;
  const int64_t number = armed.seen.FetchAdd(1, kRelaxed) + 1;
  if (number < armed.first.Load(kRelaxed) || number > armed.last.Load(kRelaxed)) return false;
  armed.failed.FetchAdd(1, kRelaxed);
  return true;
}

void* Counted(void* memory) {
  if (memory != nullptr && armed.counts_blocks.Load(kRelaxed)) armed.blocks.FetchAdd(1, kRelaxed);
  return memory;
}

}  // namespace

FailingAllocations::FailingAllocations(int64_t n, Whose whose, HowMany how_many, Which which) {
  TENTER_CHECK(n > 0, "allocations are counted from 1");
  TENTER_CHECK(kMallocMayFail || which == Which::kOperatorNew, "malloc may not fail here");
  armed.first.Store(n, kRelaxed);
  armed.last.Store(how_many == HowMany::kOne ? n : kNever, kRelaxed);
  armed.seen.Store(0, kRelaxed);
  armed.failed.Store(0, kRelaxed);
  armed.malloc_too.Store(which == Which::kMallocToo, kRelaxed);
  armed.thread.Store(whose == Whose::kEveryThread ? kEverybody : CurrentThreadKey(), kRelaxed);
}

bool FailingAllocations::Disarm() {
  armed.thread.Store(0, kRelaxed);
  return failed() > 0;
}

int64_t FailingAllocations::seen() const { return armed.seen.Load(kRelaxed); }
int64_t FailingAllocations::failed() const { return armed.failed.Load(kRelaxed); }

void FailingAllocations::SpareThisThread() {
  for (Atomic<uint64_t>& spared : armed.spared)
    for (uint64_t none = 0; none == 0;)
      if (spared.CompareExchange(&none, CurrentThreadKey(), kRelaxed)) return;
  TENTER_CHECK(false, "no more threads can be spared");
}

LiveBlocks::LiveBlocks() {
  armed.blocks.Store(0, kRelaxed);
  armed.counts_blocks.Store(true, kRelaxed);
}
LiveBlocks::~LiveBlocks() { armed.counts_blocks.Store(false, kRelaxed); }
int64_t LiveBlocks::live() const { return armed.blocks.Load(kRelaxed); }

}  // namespace tenter

namespace {

using tenter::Counted;
using tenter::FailsNow;
using tenter::Which;

void* OutOfMemory() {
  errno = ENOMEM;
  return nullptr;
}

void* AllocateOrNull(size_t bytes, size_t alignment) {
  if (FailsNow(Which::kOperatorNew)) return nullptr;
  if (bytes == 0) bytes = 1;
  return alignment <= alignof(std::max_align_t) ? malloc(bytes) : aligned_alloc(alignment, bytes);
}

void* AllocateOrThrow(size_t bytes, size_t alignment) {
  void* const memory = AllocateOrNull(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

size_t Number(std::align_val_t alignment) { return static_cast<size_t>(alignment); }

}  // namespace

extern "C" {

void* malloc(size_t bytes) noexcept {
  return FailsNow(Which::kMallocToo) ? OutOfMemory() : Counted(TENTER_SYSTEM(malloc)(bytes));
}
void* calloc(size_t count, size_t bytes) noexcept {
  return FailsNow(Which::kMallocToo) ? OutOfMemory() : Counted(TENTER_SYSTEM(calloc)(count, bytes));
}
void* realloc(void* memory, size_t bytes) noexcept {
  if (FailsNow(Which::kMallocToo)) return OutOfMemory();
  void* const made = TENTER_SYSTEM(realloc)(memory, bytes);
  return memory == nullptr ? Counted(made) : made;
}
void* memalign(size_t alignment, size_t bytes) noexcept {
  return FailsNow(Which::kMallocToo) ? OutOfMemory()
                                     : Counted(TENTER_SYSTEM(memalign)(alignment, bytes));
}
void* aligned_alloc(size_t alignment, size_t bytes) noexcept { return memalign(alignment, bytes); }
int posix_memalign(void** memory, size_t alignment, size_t bytes) noexcept {
  void* const made = memalign(alignment, bytes);
  if (made == nullptr) return ENOMEM;
  *memory = made;
  return 0;
}
void free(void* memory) noexcept {
  if (memory != nullptr && tenter::armed.counts_blocks.Load(tenter::kRelaxed))
    tenter::armed.blocks.FetchSub(1, tenter::kRelaxed);
  TENTER_SYSTEM(free)(memory);
}

}  // extern "C"

void* operator new(size_t bytes) { return AllocateOrThrow(bytes, 1); }
void* operator new[](size_t bytes) { return AllocateOrThrow(bytes, 1); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return AllocateOrNull(bytes, 1);
}
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
  return AllocateOrNull(bytes, 1);
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  return AllocateOrThrow(bytes, Number(alignment));
}
void* operator new[](size_t bytes, std::align_val_t alignment) {
  return AllocateOrThrow(bytes, Number(alignment));
}
void* operator new(size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return AllocateOrNull(bytes, Number(alignment));
}
void* operator new[](size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return AllocateOrNull(bytes, Number(alignment));
}
void operator delete(void* memory) noexcept { free(memory); }
void operator delete[](void* memory) noexcept { free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t) noexcept { free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { free(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  free(memory);
}
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { free(memory); }
