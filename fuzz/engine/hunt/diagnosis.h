// Diagnosis: the contract that a finding breaks, by the smallest program that still shows it.
//
// The judge names what it saw: a failure that was lost, ops in a wrong order. What was wrong may be
// something else, from which that came. Shrinking asks for it: each statement, each update, each
// priority and each thread was taken away, and what is left is what the finding needs.
//
// Path: Minimise -> DiagnosisOf -> the report.
//
// Thread safety: pure.
// Invariants: a contract that the judge could only name after it had seen that very thing (a
//   deleted var that was used, an op that ran in a cancelled scope) stays alone.
#pragma once

#include <string>

#include "fuzz/engine/program/program.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz {

// One contract, or two that this program cannot tell apart, the likelier one first: "ENG-4 or
// ERR-1".
std::string DiagnosisOf(const Program& smallest, const Finding& found);

}  // namespace tenter::fuzz
