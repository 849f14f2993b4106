// The one attribute that every oneDNN primitive of this project is created with.
//
// Thread safety: any thread.
// Ownership and lifetime: returns a value.
// Invariants: a primitive that has it owns no scratch memory, so that it may run on many threads at
//   once.
#pragma once

#include <dnnl.hpp>

namespace tenter {

// Scratch memory comes from the caller of each execution.
dnnl::primitive_attr UserScratchpad();

}  // namespace tenter
