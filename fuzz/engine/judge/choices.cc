#include "fuzz/engine/judge/choices.h"

#include <utility>

namespace tenter::fuzz {
namespace {

constexpr size_t kMostAmbiguous = 10;  // each doubles the choices that are tried

std::vector<Finding> FindingsOf(const Case& outer, const std::vector<Pushed>& order,
                                const std::set<uint64_t>& cancelled, const JudgeChoice& judge) {
  std::vector<Finding> findings;
  const Case c{outer.program, outer.history, findings};
  judge(c, RunModel(c.program, order, c.instances(), cancelled));
  return findings;
}

}  // namespace

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

void JudgeEveryChoice(const Case& c, const std::vector<Pushed>& order, const JudgeChoice& judge) {
  const Choices choices = FindChoices(c, order);
  if (choices.ambiguous.size() > kMostAmbiguous) return;
  std::vector<Finding> first;
  const uint64_t wanted = c.history.counts.cancelled;
  for (uint32_t mask = 0; mask < (1u << choices.ambiguous.size()); ++mask) {
    std::set<uint64_t> cancelled = choices.cancelled;
    for (size_t i = 0; i < choices.ambiguous.size(); ++i)
      if (mask >> i & 1) cancelled.insert(choices.ambiguous[i]);
    if (cancelled.size() != wanted && mask != 0) continue;
    std::vector<Finding> findings = FindingsOf(c, order, cancelled, judge);
    if (findings.empty()) return;
    if (first.empty() || cancelled.size() == wanted) first = std::move(findings);
  }
  for (Finding& finding : first) c.findings.push_back(std::move(finding));
}

}  // namespace tenter::fuzz
