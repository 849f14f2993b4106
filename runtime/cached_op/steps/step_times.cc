#include "runtime/cached_op/steps/step_times.h"

#include "runtime/base/clock.h"
#include "runtime/cached_op/steps/stepped_plan.h"

namespace tenter {

Result<std::vector<std::vector<int64_t>>> TimeSteps(const std::shared_ptr<const Plan>& plan,
                                                    int rounds, uint64_t seed) {
  TENTER_CHECK(rounds > 0 && plan->runs_inline(), "steps are timed one after another");
  TENTER_ASSIGN_OR_RETURN(std::vector<Tensor> inputs, DrawInputs(plan->signature(), seed));
  TENTER_ASSIGN_OR_RETURN(SteppedPlan stepped, SteppedPlan::Make(plan, std::move(inputs)));
  std::vector<std::vector<int64_t>> times(plan->steps().size());
  try {
    for (int round = 0; round <= rounds; ++round)
      for (size_t step = 0; step < times.size(); ++step) {
        const int64_t start_ns = NowNs();
        stepped.Run(step);
        if (round > 0) times[step].push_back(NowNs() - start_ns);
      }
  } catch (const StatusError& error) {
    return error.status();
  }
  return times;
}

}  // namespace tenter
