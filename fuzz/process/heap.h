// HeapInUse: the bytes of this process that were allocated and not freed.
//
// Thread safety: any thread.
#pragma once

#include <malloc.h>

#include <cstddef>

// Of a sanitizer, in whose flavours mallinfo2 knows nothing.
extern "C" __attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes();

namespace tenter::fuzz {

// What a thread keeps at hand for its next allocation may count as used.
inline size_t HeapInUse() {
  if (__sanitizer_get_current_allocated_bytes != nullptr)
    return __sanitizer_get_current_allocated_bytes();
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace tenter::fuzz
