// InferenceRemains: what calls leave behind that they should not: arenas and ops that are still
// held, parameters that changed.
//
// Thread safety: the main thread, while no call is running.
// Ownership and lifetime: one per run; borrows the stage. The parameters of the model that
//   WatchParameters saw must live until CheckParameters.
// Invariants: a target that does not show a thing is not blamed for it; the check of parameters
//   says then that it had no power.
#pragma once

#include "harness/workloads/workload.h"

namespace tenter {

class InferenceRemains {
 public:
  explicit InferenceRemains(Stage& stage) : stage_(stage), table_(stage.target.table()) {}

  // Remembers what the parameters are, and tells the process where they lie.
  void WatchParameters(tgt_handle model) { digest_ = DigestOfParameters(model); }
  void CheckParameters(tgt_handle model);

  // After all calls of a round; either handle may be 0.
  void CheckFootprint(tgt_handle engine, tgt_handle op);

  // As the target counted them in the last footprint.
  int64_t compilations() const { return compilations_; }

 private:
  uint64_t DigestOfParameters(tgt_handle model);
  void CheckArenas(tgt_handle op);
  void CheckOps(tgt_handle engine);

  Stage& stage_;
  const tgt_target& table_;
  uint64_t digest_ = 0;  // 0: the target does not show its parameters
  int64_t compilations_ = 0;
};

}  // namespace tenter
