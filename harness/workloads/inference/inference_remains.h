// InferenceRemains: what calls leave behind that they should not: arenas and ops that are still
// held, more arenas than may be, parameters that changed.
//
// Thread safety: the main thread, while no call is running.
// Ownership and lifetime: one per run; borrows the stage. The parameters of the model that
//   WatchParameters saw must live until CheckParameters.
// Invariants: a target that does not show a thing is not blamed for it; the check of parameters
//   says then that it had no power.
#pragma once

#include <string>

#include "harness/workloads/inference/model_inputs.h"
#include "harness/workloads/workload.h"

namespace tenter {

class InferenceRemains {
 public:
  explicit InferenceRemains(Stage& stage)
      : stage_(stage),
        table_(stage.target.table()),
        limit_(static_cast<uint64_t>(stage.parameters.Int("in_flight_max"))) {}

  // Remembers what the parameters are, and tells the process where they lie.
  void WatchParameters(tgt_handle model) { digest_ = DigestOfParameters(model); }
  void CheckParameters(tgt_handle model);

  // Asks what one request of each signature takes, by an op that has run nothing else. Before the
  // injector is armed.
  Status LearnArenas(tgt_handle model, const ModelInputs& inputs);

  // COP-2: so many requests were running together in a round.
  void CheckRunning(size_t most);
  // After all calls of a round; either handle may be 0.
  void CheckFootprint(tgt_handle engine, tgt_handle op);
  // ERR-9, after the op was freed: each deleter in which a fault fired is told once.
  void CheckDeleters(tgt_handle engine);

  // As the target counted them in the last footprint.
  int64_t compilations() const { return compilations_; }
  // The most requests that were seen running together in any round.
  int64_t running_max() const { return running_max_; }
  // Requests that ran as one with others, in all rounds.
  int64_t batched() const { return batched_; }

 private:
  uint64_t DigestOfParameters(tgt_handle model);
  bool AskFootprint(tgt_handle op, tgt_footprint* footprint);
  void CheckArenas(tgt_handle op);
  void CheckCompilations();
  void Report(std::string_view contract, const char* what, std::string title);
  void CheckOps(tgt_handle engine);

  Stage& stage_;
  const tgt_target& table_;
  uint64_t digest_ = 0;           // 0: the target does not show its parameters
  const uint64_t limit_;          // of requests that may hold an arena
  uint64_t arena_bytes_max_ = 0;  // of one request; 0: the target does not tell
  int64_t compilations_ = 0, running_max_ = 0, batched_ = 0;
  int64_t told_failures_ = 0;  // by WaitForAll, in all rounds
};

}  // namespace tenter
