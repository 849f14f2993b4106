// RunProgram: the calls of a program, each thread of it on one of its own.
//
// Path: Program -> World -> History -> Judge.
//
// Thread safety: one case at a time.
// Ownership and lifetime: everything that it makes is gone when it returns, or it says what is not.
// Errors: a case that does not end is the watchdog's.
#pragma once

#include <string>

#include "fuzz/api/run/history.h"
#include "fuzz/process/watchdog.h"

namespace tenter::fuzz::api {

// `rows`: the path of a CSV file of numbers. `round` numbers the repetitions of one program, each
// with delays of its own. The history borrows the program.
History RunProgram(const Program& program, const std::string& rows, uint64_t round,
                   Watchdog* watchdog);

}  // namespace tenter::fuzz::api
