// Judge: compares what a program saw on the engine of a target with the contracts, and with what
// the target promises of itself.
//
// The model is that of fuzz/engine, and so is the judge of calls, order, runs and ends of waits.
// What is told of failures is judged here, since the interface of a target tells it in other words,
// and less of it: the root alone.
//
// Path: Program + TargetHistory -> an order of the pushes -> the model -> Findings.
//
// Thread safety: pure.
// Ownership and lifetime: borrows program and history.
// Invariants: a correct target gets no finding in any schedule: where contracts or promises leave a
//   choice, every one is accepted. The kind of a finding depends on no name, number or time.
#pragma once

#include <vector>

#include "fuzz/process/finding.h"
#include "fuzz/target_engine/judge/promises.h"
#include "fuzz/target_engine/run/history.h"

namespace tenter::fuzz::target_engine {

// All findings, the most telling ones first.
std::vector<Finding> Judge(const Program& program, const TargetHistory& history,
                           const Promises& promises);

}  // namespace tenter::fuzz::target_engine
