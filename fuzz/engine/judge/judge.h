// Judge: compares what a program saw with what the contracts promise.
//
// Path: Program + History -> checks of pushes, order, outcome and waits -> Findings.
//
// Thread safety: pure.
// Ownership and lifetime: borrows program and history.
// Invariants: a correct engine gets no finding in any schedule: where the contracts leave a choice,
//   every legal choice is accepted. The kind of a finding does not depend on names, numbers or
//   time, so that a smaller program can be recognised as the same defect.
#pragma once

#include <vector>

#include "fuzz/engine/history/history.h"
#include "fuzz/engine/program/program.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz {

// All findings, the most telling ones first.
std::vector<Finding> Judge(const Program& program, const History& history);

// ENG-11: the same program on the naive engine and on workers saw the same. Both histories of one
// sequential program.
std::vector<Finding> JudgeParity(const Program& program, const History& naive,
                                 const History& threaded);

}  // namespace tenter::fuzz
