// The calm program: what one thread pushes once the faults have stopped, on the engine and the vars
// that they struck.
//
// Path: EngineProgram -> the random program, with faults -> Disarm -> CalmProgram -> CheckCalm.
//
// Every var is written first, by an op that reads nothing: that heals whatever an op before it left
// behind (ERR-4). So all values are known, whatever the faults did.
//
// Thread safety: on the main thread, after the engine was drained.
// Ownership and lifetime: values.
// Errors: findings of error_exactness, dependency_order and leak.
#pragma once

#include "harness/workloads/programs/program_outcome.h"

namespace tenter {

// As many writers as there are vars, and `ops` more; the same whatever the seed of the run is.
std::vector<ProgramOp> CalmProgram(int64_t vars, int64_t ops);

// Every op ran, every value is right, no wait fails, and nothing is alive. Tells the board a hash
// of all values.
void CheckCalm(Stage& stage, const std::vector<ProgramOp>& program, const ProgramOutcome& outcome);

}  // namespace tenter
