// CApi: our engine through runtime/capi as a contender, so that what the C API adds can be seen.
//
// Thread safety: Contender's.
// Ownership and lifetime: owns a context with its engine, which lives as long as it.
// Invariants: Contender's.
// Errors: throws StatusError.
#pragma once

#include "bench/contender/contender.h"

namespace tenter::bench {

ContenderPtr MakeCApi(int workers);  // 0: the naive engine

}  // namespace tenter::bench
