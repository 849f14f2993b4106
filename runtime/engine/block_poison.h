// PoisonBlock: in the checking flavours a free block of the pool must not be touched, and whoever
// does so is reported by AddressSanitizer where it happens.
//
// The head of a block stays open: the pool's own link and the phase are in there, and a watchdog
// reads them.
//
// Thread safety: called by whoever has the block.
// Ownership and lifetime: none.
// Invariants: without AddressSanitizer both functions are empty.
// Errors: none.
#pragma once

#include <cstddef>

#include "runtime/engine/pending_op.h"

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

// The part of a block that people may look at from outside while it is free.
inline constexpr size_t kOpenHead = 48;  // the atomic words

inline void PoisonBlock([[maybe_unused]] const PendingOp& op) {
#if defined(TENTER_ASAN)
  __asan_poison_memory_region(reinterpret_cast<const char*>(&op) + kOpenHead,
                              sizeof(op) - kOpenHead);
#endif
}

inline void UnpoisonBlock([[maybe_unused]] const PendingOp& op) {
#if defined(TENTER_ASAN)
  __asan_unpoison_memory_region(reinterpret_cast<const char*>(&op) + kOpenHead,
                                sizeof(op) - kOpenHead);
#endif
}

}  // namespace tenter
