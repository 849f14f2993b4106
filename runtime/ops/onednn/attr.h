// The one attribute that every oneDNN primitive of this project is created with.
//
// Thread safety: any thread.
// Ownership and lifetime: returns a value.
// Invariants: primitives own no scratch memory, so that one may run on many threads at once.
#pragma once

#include <dnnl.hpp>

namespace tenter {

// Scratch memory comes from the caller of each execution.
dnnl::primitive_attr UserScratchpad();

}  // namespace tenter
