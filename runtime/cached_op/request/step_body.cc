#include "runtime/cached_op/request/step_body.h"

#include <algorithm>

#include "runtime/cached_op/sites.h"

namespace tenter {
namespace {

void RunStep(Arena& arena, size_t number, std::byte* scratch) {
  const PlanStep& step = arena.plan().steps()[number];
  ArenaStep& mine = arena.step(number);
  for (size_t i = 0; i < step.nodes.size(); ++i) {
    mine.at_node = i;
    const ProbeOutcome fault =
        TENTER_HIT(arena.probe(), cached_op_sites::kNodeRun, .op = step.nodes[i].name,
                   .request = static_cast<int64_t>(arena.number()));
    if (!fault.error.ok()) throw StatusError(fault.error);
  }
  mine.at_node = 0;
  step.kernel->Run(mine.inputs, mine.outputs, {.scratch = scratch, .state = mine.state.get()});
  mine.at_node.reset();
}

void EndRequest(Arena& arena) {
  TENTER_HIT(arena.probe(), cached_op_sites::kRequestEnd,
             .request = static_cast<int64_t>(arena.number()));
  arena.SetComplete();
}

}  // namespace

void RunOp(Arena& arena, size_t number, int worker, const CancelToken& cancel) {
  if (arena.abandoned()) return;
  const Plan& plan = arena.plan();
  const PlanOp& op = plan.ops()[number];
  std::byte* const scratch =
      plan.scratch_of_workers() ? plan.scratch(std::max(worker, 0)) : arena.scratch();
  for (size_t step = op.first; step < op.end; ++step) {
    if (const StatusCode reason = cancel.reason(); reason != StatusCode::kOk)
      throw StatusError({reason, "cancelled before its next node"});
    RunStep(arena, step, scratch);
  }
  if (number + 1 == plan.ops().size()) EndRequest(arena);
}

}  // namespace tenter
