// RunProgram: a program on the engine group of a target, and what it saw.
//
// Path: Program -> threads and bodies -> the table of the target -> TargetHistory -> Judge.
//
// Thread safety: one case at a time (planned exceptions are counted per process).
// Ownership and lifetime: the engine and its instance are gone when it returns.
// Errors: a case that does not end is the watchdog's.
#pragma once

#include "fuzz/process/watchdog.h"
#include "fuzz/target_engine/run/history.h"

namespace tenter::fuzz::target_engine {

// `round` numbers the repetitions: each has other delays. REQUIRES: `table` has TGT_ENGINE, and
// CheckWords(program) is ok.
TargetHistory RunProgram(const Program& program, const tgt_target& table, uint64_t round,
                         Watchdog* watchdog);

}  // namespace tenter::fuzz::target_engine
