// Execute: runs a program on a fresh engine and writes down what happened.
//
// Path: Program -> threads and bodies -> Engine -> History.
//
// Thread safety: one case at a time per process (planned exceptions are counted per process).
// Ownership and lifetime: borrows the tools; the engine is gone when it returns.
// Invariants: values are plain integers that only the engine keeps apart: a wrong order is a data
//   race that ThreadSanitizer can see. Stamps are relaxed: they create no order of their own.
// Errors: none; a case that does not end is the watchdog's.
#pragma once

#include "fuzz/history/history.h"
#include "fuzz/program/program.h"
#include "fuzz/run/completers.h"
#include "fuzz/run/forks.h"
#include "fuzz/run/racers.h"
#include "fuzz/run/watchdog.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {

struct Tools {
  Completers* completers;
  Racers* racers;
  Watchdog* watchdog;
  // A failure after the end of an op is reported when its body has returned: at once, on a machine
  // that is not stuck. One that has not been reported by then is lost.
  int64_t patience_ns = kNsPerSecond / 2;
  Forks* forks = nullptr;  // null: the case does not fork
};

// `round` numbers the repetitions of one program: each has other delays. Returns in the children
// that the program forks, too.
History Execute(const Program& program, const Tools& tools, uint64_t round);

}  // namespace tenter::fuzz
