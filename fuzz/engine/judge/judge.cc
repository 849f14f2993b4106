#include "fuzz/engine/judge/judge.h"

#include "fuzz/engine/history/unfold.h"
#include "fuzz/engine/judge/choices.h"
#include "fuzz/engine/judge/parts.h"

namespace tenter::fuzz {
namespace {

void JudgeConstruction(const Case& c) {
  if (c.history.construction != StatusCode::kResourceExhausted)
    c.Report("ERR-10", "a worker that cannot start",
             "worker " + std::to_string(c.program.failing_worker) +
                 " could not be started, and construction answered " +
                 std::string(StatusCodeName(c.history.construction)));
  if (c.history.live_workers_left > 0)
    c.Report(
        "ERR-10", "workers left behind",
        std::to_string(c.history.live_workers_left) + " threads outlived a failed construction");
}

}  // namespace

std::vector<Finding> Judge(const Program& program, const History& history) {
  std::vector<Finding> findings;
  if (program.failing_worker >= 0 && program.failing_worker < program.workers) {
    JudgeConstruction({program, history, findings});
    return findings;
  }
  const Unfolded flat = Unfold(program, history);
  const Case c{flat.program, flat.history, findings};
  JudgeCalls(c);
  JudgeBulks(c);
  const std::vector<Pushed> order = Linearise(c);
  if (!findings.empty()) return findings;  // without an order of pushes nothing else means much
  JudgeOrder(c, order);
  JudgeDeleters(c);
  JudgeCancels(c, order);
  JudgeLate(c, order);
  JudgeLooks(c, order);
  if (program.gated) JudgePriorities(c, order);
  JudgeEveryChoice(c, order, [&](const Case& chosen, const Expectation& expect) {
    JudgeOutcome(chosen, order, expect);
    JudgeWaits(chosen, order, expect);
  });
  JudgeLeftovers(c);
  return findings;
}

}  // namespace tenter::fuzz
