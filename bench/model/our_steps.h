// MakeOurSteps: a plan of this runtime that is run step by step on the thread that asks, so that
// each step can be timed. Engine, cache and requests have no part in it.
//
// Thread safety: see ModelContender; one client.
// Ownership and lifetime: shares its plan with its client.
// Invariants: the plan is that of a cached op whose options are all zero, but that its steps run
//   one after another, as those of a confined one.
// Errors: throws StatusError with what the import or a kernel says.
#pragma once

#include "bench/model/model_contender.h"

namespace tenter::bench {

ModelContenderPtr MakeOurSteps();

}  // namespace tenter::bench
