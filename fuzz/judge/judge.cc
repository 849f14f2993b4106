#include "fuzz/judge/judge.h"

#include <algorithm>
#include <bit>
#include <sstream>

#include "fuzz/history/unfold.h"
#include "fuzz/program/to_text.h"

namespace tenter::fuzz {
namespace {

constexpr size_t kMostAmbiguous = 10;

// Who was cancelled is chance, and an op with a poisoned input that did not run was either skipped
// or cancelled. The counters say how many; every choice that fits them is tried.
struct Choices {
  std::set<uint64_t> cancelled;     // surely
  std::vector<uint64_t> ambiguous;  // cancelled or skipped
};

Choices FindChoices(const Case& c, const std::vector<Pushed>& order, int instances) {
  Choices choices;
  if (!CanCancel(c.program)) return choices;
  std::set<uint64_t> idle;
  for (const Pushed& pushed : order)
    if (!pushed.deletes && CanCancel(c.program, c.statement(pushed)) && c.seen(pushed).runs == 0 &&
        !c.seen(pushed).raced && pushed.raced != FailurePlace::kDeadline)
      idle.insert(pushed.number);
  // Cancelled or skipped, its outputs are poisoned: who has a poisoned input does not depend on it.
  const Expectation all = RunModel(c.program, order, instances, idle);
  for (size_t i = 0; i < order.size(); ++i) {
    if (!idle.contains(order[i].number)) continue;
    if (all.ops[i].poisoned_input && c.program.policy == ErrorPolicy::kSkipDependents)
      choices.ambiguous.push_back(order[i].number);
    else
      choices.cancelled.insert(order[i].number);
  }
  return choices;
}

std::vector<Finding> JudgeWith(const Case& outer, const std::vector<Pushed>& order, int instances,
                               const std::set<uint64_t>& cancelled) {
  std::vector<Finding> findings;
  const Case c{outer.program, outer.history, findings};
  const Expectation expect = RunModel(c.program, order, instances, cancelled);
  JudgeOutcome(c, order, expect);
  JudgeWaits(c, order, expect);
  return findings;
}

std::vector<Finding> JudgeAllChoices(const Case& c, const std::vector<Pushed>& order) {
  const int instances = InstanceCount(c.history);
  const Choices choices = FindChoices(c, order, instances);
  std::vector<Finding> first;
  if (choices.ambiguous.size() > kMostAmbiguous) return first;
  const uint64_t wanted = c.history.counts.cancelled;
  for (uint32_t mask = 0; mask < (1u << choices.ambiguous.size()); ++mask) {
    std::set<uint64_t> cancelled = choices.cancelled;
    for (size_t i = 0; i < choices.ambiguous.size(); ++i)
      if (mask >> i & 1) cancelled.insert(choices.ambiguous[i]);
    if (cancelled.size() != wanted && mask != 0) continue;
    std::vector<Finding> findings = JudgeWith(c, order, instances, cancelled);
    if (findings.empty()) return {};
    if (first.empty() || cancelled.size() == wanted) first = std::move(findings);
  }
  return first;
}

// Without the words of a status: two engines may word the same refusal differently.
std::string Line(const Caught& caught) {
  return caught.what == Caught::What::kStatus ? std::string(StatusCodeName(caught.code))
                                              : caught.ToText();
}
std::string Line(const VarSeen& v) {
  std::ostringstream text;
  text << StatusCodeName(v.code) << " " << Line(v.caught);
  for (const FailureSeen& f : v.failures) text << " " << f.push_number << ":" << f.op;
  if (v.has_value) text << " value " << v.value;
  return text.str();
}
std::string Line(const std::vector<FailureSeen>& failures) {
  std::string text;
  for (const FailureSeen& f : failures)
    text += " " + std::to_string(f.push_number) + ":" + Line(f.caught);
  return text;
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
  std::vector<Pushed> order = Linearise(c);
  NoteRaces(c, &order);
  if (!findings.empty()) return findings;  // without an order of pushes nothing else means much
  JudgeOrder(c, order);
  JudgeCancels(c, order);
  if (program.gated) JudgePriorities(c, order);
  for (Finding& finding : JudgeAllChoices(c, order)) findings.push_back(std::move(finding));
  JudgeLeftovers(c);
  return findings;
}

std::vector<Finding> JudgeParity(const Program& program, const History& naive,
                                 const History& threaded) {
  const auto differ = [](const std::string& what, const std::string& a, const std::string& b) {
    return std::vector<Finding>{
        {"ENG-11", "engines differ", what + ": naive saw '" + a + "', workers saw '" + b + "'", 0}};
  };
  for (size_t i = 0; i < program.statements.size(); ++i) {
    const StatementSeen &a = naive.statements[i], &b = threaded.statements[i];
    const auto line = [](const StatementSeen& s) {
      return std::string(StatusCodeName(s.code)) + " push " + std::to_string(s.push_number) + " " +
             Line(s.var) + Line(s.reported);
    };
    if (program.statements[i].bulk != 0) continue;  // a refusal is told later, or never
    if (line(a) != line(b)) return differ(ToText(program.statements[i]), line(a), line(b));
  }
  for (size_t i = 0; i < naive.final_vars.size() && i < threaded.final_vars.size(); ++i)
    if (Line(naive.final_vars[i]) != Line(threaded.final_vars[i]))
      return differ("var number " + std::to_string(i) + " at the end", Line(naive.final_vars[i]),
                    Line(threaded.final_vars[i]));
  std::string a, b;
  for (const auto& reported : naive.final_reported) a += Line(reported);
  for (const auto& reported : threaded.final_reported) b += Line(reported);
  if (a != b) return differ("the last wait-all", a, b);
  return {};
}

}  // namespace tenter::fuzz
