// Unpack: numbers in an order of the library, put back into the plain one, bit by bit.
//
// By hand and not by a primitive of the library, so that a run may do it: that would be code to
// generate, under locks of the library.
//
// Thread safety: any thread.
// Ownership and lifetime: memory is borrowed for the call.
// Invariants: Unpack(Pack(plain)) has the bits of `plain`.
#pragma once

#include <dnnl.hpp>

namespace tenter {

// True of an order that says by strides and blocks alone where each float32 lies.
bool CanUnpack(const dnnl::memory::desc& order);

// `packed`, which lies as `order` says, row-major. REQUIRES: CanUnpack(order).
void Unpack(const dnnl::memory::desc& order, const void* packed, void* plain);

}  // namespace tenter
