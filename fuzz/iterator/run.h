// RunProgram: a program on an iterator of a target; each consumer calls on a thread of its own.
//
// Path: Program -> csv_iterator_create -> consumers -> History -> Judge.
//
// Thread safety: one case at a time.
// Ownership and lifetime: everything that it makes is gone when it returns, or it says what is not.
// Errors: a case that does not end is the watchdog's.
#pragma once

#include "fuzz/iterator/history.h"
#include "fuzz/process/watchdog.h"

namespace tenter::fuzz::iterator {

// `round` numbers the repetitions: each has other delays. REQUIRES: `table` has TGT_ITERATOR.
History RunProgram(const Program& program, const tgt_target& table, uint64_t round,
                   Watchdog* watchdog);

}  // namespace tenter::fuzz::iterator
