// InferenceAlone: what one thread sees that calls alone. It gets the same answer each time, and
// neither its calls nor their refusals leave anything behind.
//
// Path: ConcurrentInference -> CheckAlone, before any fault may strike -> the board.
//
// Thread safety: the main thread, while no other calls.
// Ownership and lifetime: one per run; borrows the stage and the inputs.
// Invariants: it is a leak only when every round leaves as many blocks behind as it has calls, and
//   goes on so: what a target keeps of its last few hundred calls is none.
// Errors: what the target refuses in the set-up. An error of a call is left to the run with others.
#pragma once

#include <functional>

#include "harness/workloads/inference/model_inputs.h"
#include "harness/workloads/workload.h"

namespace tenter {

class InferenceAlone {
 public:
  InferenceAlone(Stage& stage, const ModelInputs& inputs)
      : stage_(stage), table_(stage.target.table()), inputs_(inputs) {}

  Status CheckAlone(tgt_handle model);

 private:
  void CheckAnswers(tgt_handle op);
  void CheckGrowth(std::string_view contract, const char* what, int64_t calls,
                   const std::function<void()>& call);
  void Call(tgt_handle op, const std::vector<tgt_tensor>& inputs,
            const std::function<void(const std::vector<tgt_tensor>&)>& look);

  Stage& stage_;
  const tgt_target& table_;
  const ModelInputs& inputs_;
};

}  // namespace tenter
