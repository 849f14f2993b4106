// PushFromThreads: several threads push a part of the program each, and start together.
//
// Thread safety: called by one thread.
// Ownership and lifetime: the threads end before it returns.
// Invariants: every op is pushed once, the ops of one thread in program order.
// Errors: rethrows the first exception of a pusher; throws StatusError when a thread cannot be
//   started.
#pragma once

#include <cstdint>

#include "bench/contender/contender.h"

namespace tenter::bench {

// Returns when the threads were let go, as NowNs tells it.
int64_t PushFromThreads(Contender& contender, size_t ops, int pushers);

}  // namespace tenter::bench
