// ProgramOutcome: what an engine program left behind, and the checks that compare it with its
// expectation.
//
// Path: EngineProgram runs the program and fills in the outcome -> CheckOutcome -> CheckBoard.
//
// Thread safety: filled in and checked on the main thread, after the engine was drained.
// Ownership and lifetime: a value.
// Errors: findings of dependency_order, error_exactness and leak.
#pragma once

#include <vector>

#include "harness/workloads/programs/program.h"
#include "harness/workloads/workload.h"

namespace tenter {

struct ObservedWait {
  tgt_code code;
  tgt_failure failure;
  tgt_error error;
};

struct ProgramOutcome {
  std::vector<int64_t> values;  // per var; while it runs, guarded by the engine under test alone
  std::vector<ObservedWait> var_waits[2];  // per var, two waits one after the other
  std::vector<tgt_failure> all_waits[2];   // what two WaitForAll in a row reported
  tgt_engine_counts counts = {};           // after everything was waited for
  bool has_counts = false;
  bool pushes_refused = false;  // some push was refused for want of memory
};

void CheckOutcome(Stage& stage, const std::vector<std::vector<ProgramOp>>& program,
                  const ProgramOutcome& outcome);

}  // namespace tenter
