// Growth: what the heap keeps of calls that fail.
//
// The same calls fail again and again, in rounds, until the heap is as large as it was some rounds
// before. Lists that the runtime and the allocator keep for later grow in the first rounds, and
// then no more, or are filled and emptied in turn. What is kept of each call, but takes memory only
// now and then, as a vector does, is not seen; nor what lies in another heap than that of malloc.
//
// Path: RunProgram, when all callers have returned -> History::growth -> Judge.
//
// Thread safety: called while nobody else calls. Blocks until the calls have returned.
#pragma once

#include <functional>

#include "fuzz/model/run/history.h"

namespace tenter::fuzz::model {

// `fail` makes calls that fail, each once, and waits until nothing of them runs any more.
Growth GrowthOf(const std::function<void()>& fail);

}  // namespace tenter::fuzz::model
