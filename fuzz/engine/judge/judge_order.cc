// Who ran when: conflicting ops in push order (ENG-1), each once (ENG-5).
#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

size_t Vars(const Pushed& p) {
  size_t vars = p.reads.size();
  for (const int instance : p.writes) vars += !Contains(p.reads, instance);
  return vars;
}

// Which promise an overlap breaks: the most special one that the two ops fall under.
std::string ContractOfOverlap(const Case& c, const Pushed& first, const Pushed& second) {
  if (first.deletes || second.deletes) return "ENG-8";
  const Statement &a = c.statement(first), &b = c.statement(second);
  if (b.priority > a.priority) return "ENG-10";
  if (a.actor != b.actor && Vars(first) > 1 && Vars(second) > 1) return "ENG-2";
  if (IsUpdate(first) || IsUpdate(second)) return "ENG-4";
  return a.actor == b.actor ? "ENG-3" : "ENG-1";
}

void JudgePair(const Case& c, const Pushed& first, const Pushed& second) {
  const StatementSeen &a = c.seen(first), &b = c.seen(second);
  if (a.runs == 0 || b.runs == 0 || !Conflict(first, second) || b.body.begin > a.body.end) return;
  const std::string contract = ContractOfOverlap(c, first, second);
  c.Report(contract, "conflicting ops out of order",
           ToText(c.statement(second)) + " began before " + ToText(c.statement(first)) +
               " had ended, although it was pushed later (push " + std::to_string(second.number) +
               " after " + std::to_string(first.number) + ")");
}

}  // namespace

void JudgeDeleters(const Case& c) {
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const StatementSeen& seen = c.history.statements[i];
    if (s.verb == Verb::kDelete && seen.span.happened() && seen.code == StatusCode::kOk &&
        seen.runs == 0)
      c.Report("ENG-8", "deleter did not run", ToText(s) + ": the deleter was never called");
  }
}

void JudgeOrder(const Case& c, const std::vector<Pushed>& order) {
  if (c.history.stray_runs > 0)
    c.Report("ENG-5", "ran for no replay",
             std::to_string(c.history.stray_runs) +
                 " runs of recorded bodies were told push numbers that no replay of them took");
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const StatementSeen& seen = c.history.statements[i];
    if (s.verb == Verb::kPush && seen.runs > 0 && seen.push_number != 0 &&
        seen.number != seen.push_number)
      c.Report("ENG-3", "told another push number",
               ToText(s) + " was told push number " + std::to_string(seen.number) +
                   ", and the push had answered " + std::to_string(seen.push_number));
    if (seen.runs > 1)
      c.Report("ENG-5", "ran twice", ToText(s) + " ran " + std::to_string(seen.runs) + " times");
    if (seen.runs > 0 && seen.code != StatusCode::kOk)
      c.Report(seen.code == StatusCode::kResourceExhausted ? "ERR-10" : "ENG-5",
               "ran although refused", ToText(s) + " ran although its push was refused");
    // ENG-9: nothing runs once a stop has returned.
    for (size_t k = 0; k < c.program.statements.size(); ++k)
      if (c.program.statements[k].verb == Verb::kStop && !c.program.statements[k].actor.is_op &&
          c.history.statements[k].span.happened() && seen.runs > 0 &&
          seen.body.end > c.history.statements[k].span.end)
        c.Report("ENG-9", "ran after a stop",
                 ToText(s) + " ended after " + ToText(c.program.statements[k]) + " had returned");
  }
  for (size_t second = 0; second < order.size(); ++second)
    for (size_t first = 0; first < second && c.findings.empty(); ++first)
      JudgePair(c, order[first], order[second]);
}

}  // namespace tenter::fuzz
