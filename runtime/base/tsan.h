// What ThreadSanitizer must be told because it cannot see it: accesses made by generated kernels,
// and the reference count inside std::exception_ptr; and what it must not see: the instrument's own
// locks.
//
// Thread safety: any thread.
// Ownership and lifetime: ranges are borrowed for the call.
// Invariants: outside the TSan flavours every function is empty.
// Errors: a race is reported by the sanitizer, not here.
#pragma once

#include <cstddef>

#if defined(TENTER_TSAN)
extern "C" {
void __tsan_read_range(void* address, unsigned long size);
void __tsan_write_range(void* address, unsigned long size);
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void __tsan_ignore_thread_begin();
void __tsan_ignore_thread_end();
void AnnotateIgnoreSyncBegin(const char* file, int line);
void AnnotateIgnoreSyncEnd(const char* file, int line);
}
#endif

// Of a function with so many accesses that the sanitizer is not to take each for itself: whoever
// calls it tells of the ranges.
#if defined(__clang__)
#define TENTER_UNSEEN __attribute__((no_sanitize("thread")))
#else
#define TENTER_UNSEEN
#endif

namespace tenter {

// Declares that the calling thread reads (writes) `size_bytes` bytes at `address` now.
inline void TsanReadRange([[maybe_unused]] const void* address,
                          [[maybe_unused]] size_t size_bytes) {
#if defined(TENTER_TSAN)
  if (size_bytes > 0) __tsan_read_range(const_cast<void*>(address), size_bytes);
#endif
}
inline void TsanWriteRange([[maybe_unused]] void* address, [[maybe_unused]] size_t size_bytes) {
#if defined(TENTER_TSAN)
  if (size_bytes > 0) __tsan_write_range(address, size_bytes);
#endif
}

// Declares an edge: what happened before Release(key) on one thread happens before what follows
// Acquire(key) on another. Only for edges that exist and that the sanitizer cannot see.
inline void TsanAcquire([[maybe_unused]] void* key) {
#if defined(TENTER_TSAN)
  __tsan_acquire(key);
#endif
}
inline void TsanRelease([[maybe_unused]] void* key) {
#if defined(TENTER_TSAN)
  __tsan_release(key);
#endif
}

// From here to the end the sanitizer watches nothing of the calling thread: no access, no lock, no
// atomic. Pairs nest. For unseen_mutex.h, which says why; nothing else has a reason.
inline void TsanUnseenBegin() {
#if defined(TENTER_TSAN)
  AnnotateIgnoreSyncBegin(__FILE__, __LINE__);
  __tsan_ignore_thread_begin();
#endif
}
inline void TsanUnseenEnd() {
#if defined(TENTER_TSAN)
  __tsan_ignore_thread_end();
  AnnotateIgnoreSyncEnd(__FILE__, __LINE__);
#endif
}

}  // namespace tenter
