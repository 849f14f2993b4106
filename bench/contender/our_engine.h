// OurEngine: the engine of runtime/engine as a contender, threaded or naive.
//
// Thread safety: Contender's.
// Ownership and lifetime: owns its engine, which lives as long as it, so that workers are warm.
// Invariants: Contender's.
// Errors: throws StatusError.
#pragma once

#include "bench/contender/contender.h"

namespace tenter::bench {

ContenderPtr MakeOurEngine(int workers);  // 0: the naive engine

}  // namespace tenter::bench
