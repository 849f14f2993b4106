// Suspect: which contract a hang or a crash breaks, as far as the program tells, and what its
// engine said of itself. It is a guess, since nobody saw what went wrong; of the smallest program
// that still shows it, a good one.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "fuzz/engine/program/program.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz {

// One contract, or two: "ENG-2 or ENG-4".
std::string SuspectOf(const Program& program, const Finding& seen);

// What a program has that only some programs need.
bool HasUpdate(const Program& program);  // or a var twice in the sets of one op
bool HasSeveralPushers(const Program& program);

}  // namespace tenter::fuzz
