// RunProgram: a program on the model group of a target; each caller calls on a thread of its own.
//
// Path: Program -> model_load, cached_op_create -> callers -> what is left -> History -> Judge.
//
// Thread safety: one case at a time.
// Ownership and lifetime: everything that it makes is gone when it returns, or it says what is not.
// Errors: a case that does not end is the watchdog's.
#pragma once

#include "fuzz/model/run/history.h"
#include "fuzz/process/watchdog.h"

namespace tenter::fuzz::model {

// `round` numbers the repetitions: each has other delays. REQUIRES: `table` has TGT_MODEL.
History RunProgram(const Program& program, const tgt_target& table, uint64_t round,
                   Watchdog* watchdog);

}  // namespace tenter::fuzz::model
