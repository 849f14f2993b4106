// Unpack: numbers in an order of the library, put back into the plain one, bit by bit.
//
// By hand and not by a primitive of the library, so that a run may do it: that would be code to
// generate, under locks of the library.
//
// Thread safety: any thread.
// Ownership and lifetime: memory is borrowed for the call.
// Invariants: Unpack(Pack(plain)) has the bits of `plain`.
#pragma once

#include <cstddef>
#include <dnnl.hpp>

namespace tenter {

// True of an order that says by strides and blocks alone where each of `count` float32 lies. What
// has another count is not the same numbers in another order, but something that was made of them.
bool CanUnpack(const dnnl::memory::desc& order, size_t count);

// `packed`, which lies as `order` says, row-major. REQUIRES: CanUnpack.
void Unpack(const dnnl::memory::desc& order, const void* packed, void* plain);

}  // namespace tenter
