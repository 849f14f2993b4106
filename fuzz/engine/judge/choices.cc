#include "fuzz/engine/judge/choices.h"

#include "fuzz/engine/model/model.h"

namespace tenter::fuzz {

Choices FindChoices(const Case& c, const std::vector<Pushed>& order) {
  Choices choices;
  if (!CanCancel(c.program)) return choices;
  std::set<uint64_t> idle;
  for (const Pushed& pushed : order)
    if (!pushed.deletes && CanCancel(c.program, c.statement(pushed)) && c.seen(pushed).runs == 0 &&
        !c.seen(pushed).raced && pushed.raced != FailurePlace::kDeadline)
      idle.insert(pushed.number);
  // Cancelled or skipped, an op leaves its outputs poisoned. So the model may take all idle ops for
  // cancelled to learn which of them have a poisoned input.
  const Expectation all = RunModel(c.program, order, c.instances(), idle);
  for (size_t i = 0; i < order.size(); ++i) {
    if (!idle.contains(order[i].number)) continue;
    if (all.ops[i].poisoned_input && c.program.policy == ErrorPolicy::kSkipDependents)
      choices.ambiguous.push_back(order[i].number);
    else
      choices.cancelled.insert(order[i].number);
  }
  return choices;
}

}  // namespace tenter::fuzz
