// Execute: runs a program on a fresh engine and writes down what happened.
//
// Path: Program -> threads and bodies -> Engine -> History.
//
// Thread safety: one case at a time per process (planned exceptions are counted per process).
// Ownership and lifetime: borrows the tools; the engine is gone when it returns.
// Errors: a case that does not end is the watchdog's.
#pragma once

#include "fuzz/engine/history/history.h"
#include "fuzz/engine/program/program.h"
#include "fuzz/engine/run/tools.h"

namespace tenter::fuzz {

// `round` numbers the repetitions of one program: each has other delays. Returns in the children
// that the program forks, too.
History Execute(const Program& program, const Tools& tools, uint64_t round);

}  // namespace tenter::fuzz
