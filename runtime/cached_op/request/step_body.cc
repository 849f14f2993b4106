#include "runtime/cached_op/request/step_body.h"

#include <algorithm>

#include "runtime/cached_op/request/request.h"

namespace tenter {
namespace {

void RunStep(Arena& arena, size_t number, std::byte* scratch, Team* team) {
  const PlanStep& step = arena.plan().steps()[number];
  ArenaStep& mine = arena.step(number);
  for (size_t i = 0; i < step.nodes.size(); ++i) {
    mine.at_node = i;
    if (arena.abandoned()) return;
    arena.request()->BeforeNode(step.nodes[i]);
  }
  mine.at_node = 0;
  step.kernel->Run(mine.inputs, mine.outputs,
                   {.scratch = scratch, .state = mine.state.get(), .team = team});
  mine.at_node.reset();
}

}  // namespace

void RunOp(Arena& arena, size_t number, int worker, const CancelToken& cancel) {
  if (arena.abandoned()) return;
  const Plan& plan = arena.plan();
  const PlanOp& op = plan.ops()[number];
  std::byte* const scratch =
      plan.scratch_of_workers() ? plan.scratch(std::max(worker, 0)) : arena.scratch();
  const Teams::Loan team(arena.request()->host().teams);
  for (size_t step = op.first; step < op.end; ++step) {
    if (arena.abandoned()) return;
    arena.request()->BeforeStep(cancel);
    RunStep(arena, step, scratch, team.get());
  }
  if (number + 1 < plan.ops().size() || arena.abandoned()) return;
  arena.request()->AfterSteps();
  arena.SetComplete();
}

}  // namespace tenter
