// Growth: what the heap keeps of each call that fails.
//
// The same calls fail again and again, in rounds, until a round leaves nothing behind. Lists that
// the runtime and the allocator keep for later grow in the first rounds, and then no more. What is
// kept of each call, but now and then only takes memory, as a vector does, is not seen.
//
// Path: RunProgram, when all callers have returned -> History::kept_by_failures -> Judge.
//
// Thread safety: called while nobody else calls. Blocks until the calls have returned.
#pragma once

#include <functional>

#include "fuzz/model/run/history.h"

namespace tenter::fuzz::model {

// `fail` makes calls that fail, and waits until nothing of them runs any more; how many they were.
Growth GrowthOf(const std::function<int()>& fail);

}  // namespace tenter::fuzz::model
