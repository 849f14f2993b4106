// MutexPool: threads, one lock and one queue of functions; no dependencies. The least that a task
// pool can be, and so a floor for engines that promise more.
//
// Thread safety: Contender's.
// Ownership and lifetime: owns its threads; the destructor joins them.
// Invariants: `waiting_` counts the functions that are queued or run.
// Errors: throws StatusError when a thread cannot be started.
#pragma once

#include "bench/contender/contender.h"

namespace tenter::bench {

ContenderPtr MakeMutexPool(int workers);

}  // namespace tenter::bench
