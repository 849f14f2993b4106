// The peers out of oneTBB: the flow graph, built from the same program, and the plain task group.
//
// The waiting thread works too, so two workers are one worker thread and the caller. The edges of
// the flow graph are computed by the benchmark before the clock starts, which is a gift: an engine
// derives them from the declared reads and writes at every push.
//
// Thread safety: Contender's.
// Ownership and lifetime: what is returned holds the limit on worker threads while it lives.
// Invariants: Contender's.
// Errors: throws what oneTBB throws.
#pragma once

#include <vector>

#include "bench/contender/contender.h"

namespace tenter::bench {

// Empty when the library was not there at the build; TbbAbsence then says so.
std::vector<ContenderPtr> MakeTbbPeers(int workers);
std::vector<Description> TbbAbsence();

}  // namespace tenter::bench
