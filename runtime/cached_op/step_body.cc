#include "runtime/cached_op/step_body.h"

#include "runtime/cached_op/sites.h"

namespace tenter {

void RunStep(Arena& arena, size_t number, int executor) {
  if (arena.abandoned()) return;
  const PlanStep& step = arena.plan().steps()[number];
  ArenaStep& mine = arena.step(number);
  for (size_t i = 0; i < step.nodes.size(); ++i) {
    mine.at_node = i;
    const ProbeOutcome fault =
        TENTER_HIT(arena.probe(), cached_op_sites::kNodeRun, .op = step.nodes[i].name,
                   .request = static_cast<int64_t>(arena.request()));
    if (!fault.error.ok()) throw StatusError(fault.error);
  }
  mine.at_node = 0;
  step.kernel->Run(mine.inputs, mine.outputs,
                   {.scratch = arena.plan().scratch(executor), .state = mine.state.get()});
  mine.at_node.reset();
}

void EndRequest(const Arena& arena) {
  if (arena.abandoned()) return;
  TENTER_HIT(arena.probe(), cached_op_sites::kRequestEnd,
             .request = static_cast<int64_t>(arena.request()));
}

}  // namespace tenter
