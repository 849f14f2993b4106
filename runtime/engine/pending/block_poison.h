// PoisonBlock: in the checking flavours a free block of the pool must not be touched, and whoever
// does so is reported by AddressSanitizer where it happens.
//
// Thread safety: called by whoever has the block.
// Invariants: without AddressSanitizer both functions are empty.
#pragma once

#include <cstddef>

#include "runtime/engine/pending/pending_op.h"

#if defined(__SANITIZE_ADDRESS__)
#define TENTER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TENTER_ASAN 1
#endif
#endif
#if defined(TENTER_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace tenter {

// The body and the accesses. What people may look at from outside, the first line and the name at
// the end, stays open.
inline constexpr size_t kPoisonFrom = 64;
inline constexpr size_t kPoisonBytes = sizeof(PendingOp) - kPoisonFrom - sizeof(OpName);

inline void PoisonBlock([[maybe_unused]] const PendingOp& op) {
#if defined(TENTER_ASAN)
  __asan_poison_memory_region(reinterpret_cast<const char*>(&op) + kPoisonFrom, kPoisonBytes);
#endif
}

inline void UnpoisonBlock([[maybe_unused]] const PendingOp& op) {
#if defined(TENTER_ASAN)
  __asan_unpoison_memory_region(reinterpret_cast<const char*>(&op) + kPoisonFrom, kPoisonBytes);
#endif
}

}  // namespace tenter
