// CopyStrided: a view of a tensor, with other strides, becomes a dense tensor. What Transpose,
// Slice, Split, Pad and the change of a layout come to.
//
// Thread safety: a pure function of its arguments' memory.
// Errors: throws std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tenter {

// Copies elements of `element_bytes` each (1, 2, 4 or 8): target[i] = source[offset of i] in the
// order of WalkStrided. Runs of neighbours go at once, and where neighbours of the target are far
// apart in the source, as in a transposition, it goes tile by tile.
void CopyStrided(const void* source, void* target, size_t element_bytes,
                 const std::vector<int64_t>& dims, const std::vector<int64_t>& strides,
                 int64_t start);

}  // namespace tenter
