#include "runtime/cached_op/failing_allocations.h"

#include <cstddef>
#include <cstdlib>
#include <new>

#include "runtime/base/atomic.h"
#include "runtime/base/check.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

// The one place that operator new can look at, since nobody can hand it an argument.
struct Armed {
  Atomic<uint64_t> thread = 0;  // whose allocations count, kEverybody, or 0
  Atomic<int64_t> left = 0;     // allocations up to the one that fails
};
constexpr uint64_t kEverybody = UINT64_MAX;
constinit Armed armed;

bool FailsNow() {
  const uint64_t thread = armed.thread.Load(kRelaxed);
  if (thread == 0 || (thread != kEverybody && thread != CurrentThreadKey())) return false;
  return armed.left.FetchSub(1, kRelaxed) == 1;
}

}  // namespace

FailingAllocations::FailingAllocations(int64_t n, Whose whose) {
  TENTER_CHECK(n > 0, "allocations are counted from 1");
  armed.left.Store(n, kRelaxed);
  armed.thread.Store(whose == Whose::kEveryThread ? kEverybody : CurrentThreadKey(), kRelaxed);
}

bool FailingAllocations::Disarm() {
  armed.thread.Store(0, kRelaxed);
  return armed.left.Load(kRelaxed) <= 0;
}

}  // namespace tenter

#if defined(TENTER_TSAN) || defined(TENTER_ASAN)

// The sanitizers have an operator new that cannot be replaced: the linker leads the calls of this
// project here first (--wrap), and those of the standard library stay as they are.
#define TENTER_WRAPPED(name, parameters, arguments, otherwise) \
  extern "C" void* __real_##name parameters;                   \
  extern "C" void* __wrap_##name parameters;                   \
  extern "C" void* __wrap_##name parameters {                  \
    if (tenter::FailsNow()) otherwise;                         \
    return __real_##name arguments;                            \
  }

TENTER_WRAPPED(_Znwm, (size_t bytes), (bytes), throw std::bad_alloc())
TENTER_WRAPPED(_Znam, (size_t bytes), (bytes), throw std::bad_alloc())
TENTER_WRAPPED(_ZnwmSt11align_val_t, (size_t bytes, std::align_val_t alignment), (bytes, alignment),
               throw std::bad_alloc())
TENTER_WRAPPED(_ZnamSt11align_val_t, (size_t bytes, std::align_val_t alignment), (bytes, alignment),
               throw std::bad_alloc())
TENTER_WRAPPED(_ZnwmRKSt9nothrow_t, (size_t bytes, const std::nothrow_t& tag), (bytes, tag),
               return nullptr)
TENTER_WRAPPED(_ZnamRKSt9nothrow_t, (size_t bytes, const std::nothrow_t& tag), (bytes, tag),
               return nullptr)

#else

namespace {

void* AllocateOrNull(size_t bytes, size_t alignment) {
  if (tenter::FailsNow()) return nullptr;
  if (bytes == 0) bytes = 1;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(bytes);
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* AllocateOrThrow(size_t bytes, size_t alignment) {
  void* const memory = AllocateOrNull(bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t bytes) { return AllocateOrThrow(bytes, 1); }
void* operator new[](size_t bytes) { return AllocateOrThrow(bytes, 1); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return AllocateOrNull(bytes, 1);
}
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
  return AllocateOrNull(bytes, 1);
}
void* operator new(size_t bytes, std::align_val_t alignment) {
  return AllocateOrThrow(bytes, static_cast<size_t>(alignment));
}
void* operator new[](size_t bytes, std::align_val_t alignment) {
  return AllocateOrThrow(bytes, static_cast<size_t>(alignment));
}
void* operator new(size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return AllocateOrNull(bytes, static_cast<size_t>(alignment));
}
void* operator new[](size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return AllocateOrNull(bytes, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

#endif
