#include "fuzz/engine/judge/judge.h"

#include <algorithm>

#include "fuzz/engine/history/unfold.h"
#include "fuzz/engine/judge/choices.h"
#include "fuzz/engine/judge/parts.h"

namespace tenter::fuzz {
namespace {

constexpr size_t kMostAmbiguous = 10;  // each doubles the choices that are tried

std::vector<Finding> JudgeWith(const Case& outer, const std::vector<Pushed>& order,
                               const std::set<uint64_t>& cancelled) {
  std::vector<Finding> findings;
  const Case c{outer.program, outer.history, findings};
  const Expectation expect = RunModel(c.program, order, c.instances(), cancelled);
  JudgeOutcome(c, order, expect);
  JudgeWaits(c, order, expect);
  return findings;
}

std::vector<Finding> JudgeAllChoices(const Case& c, const std::vector<Pushed>& order) {
  const Choices choices = FindChoices(c, order);
  std::vector<Finding> first;
  if (choices.ambiguous.size() > kMostAmbiguous) return first;
  const uint64_t wanted = c.history.counts.cancelled;
  for (uint32_t mask = 0; mask < (1u << choices.ambiguous.size()); ++mask) {
    std::set<uint64_t> cancelled = choices.cancelled;
    for (size_t i = 0; i < choices.ambiguous.size(); ++i)
      if (mask >> i & 1) cancelled.insert(choices.ambiguous[i]);
    if (cancelled.size() != wanted && mask != 0) continue;
    std::vector<Finding> findings = JudgeWith(c, order, cancelled);
    if (findings.empty()) return {};
    if (first.empty() || cancelled.size() == wanted) first = std::move(findings);
  }
  return first;
}

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
  const std::vector<Pushed> order = Linearise(c);
  if (!findings.empty()) return findings;  // without an order of pushes nothing else means much
  JudgeOrder(c, order);
  JudgeCancels(c, order);
  JudgeLooks(c, order);
  if (program.gated) JudgePriorities(c, order);
  for (Finding& finding : JudgeAllChoices(c, order)) findings.push_back(std::move(finding));
  JudgeLeftovers(c);
  return findings;
}

}  // namespace tenter::fuzz
