// What waits told, and when they returned (ENG-6, ENG-7, ERR-5, ERR-6, ERR-9).
#include <algorithm>
#include <map>

#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/judge/reports.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

void JudgeAwait(const Case& c, const std::vector<Pushed>& order, const Expectation& expect,
                const Statement& s, const VarSeen& seen, int instance) {
  if (IsStale(c, instance, seen.await, seen.code == StatusCode::kStaleHandle, s)) return;
  if (seen.code != StatusCode::kOk)
    return c.Report("ENG-6", "wrong error of a wait",
                    ToText(s) + " answered " + std::string(StatusCodeName(seen.code)));
  JudgeEnds(c, order, instance, seen.await, s);
  const Candidates candidates = FindCandidates(c, order, instance, seen.await);
  std::vector<uint64_t> got;
  for (const FailureSeen& f : seen.failures) got.push_back(f.push_number);
  for (size_t v = candidates.first; v <= candidates.last; ++v) {
    const std::set<uint64_t>& failures = expect.versions[instance][v].failures;
    if (std::equal(failures.begin(), failures.end(), got.begin(), got.end())) return;
  }
  const bool exact = candidates.first == candidates.last;
  c.Report(exact ? "ERR-3" : "ENG-6", "wait saw the wrong state",
           ToText(s) + " told of " + std::to_string(got.size()) +
               " failures, which fits no write that it may have seen");
}

void JudgeWaitForVar(const Case& c, const std::vector<Pushed>& order, const Expectation& expect,
                     const Statement& s, const VarSeen& seen, int instance) {
  const bool stale =
      seen.caught.what == Caught::What::kStatus && seen.caught.code == StatusCode::kStaleHandle;
  if (IsStale(c, instance, seen.wait, stale, s)) return;
  JudgeEnds(c, order, instance, seen.wait, s);
  const Candidates candidates = FindCandidates(c, order, instance, seen.wait);
  const ExpectedFailure* told = nullptr;
  const char* contract = "ERR-5";
  for (size_t v = candidates.first; v <= candidates.last; ++v) {
    const Version& version = expect.versions[instance][v];
    if (version.failures.empty()) {
      if (seen.caught.what != Caught::What::kNothing) continue;
      if (seen.has_value && seen.value != version.value)
        c.Report("ENG-6", "value not there after a wait",
                 ToText(s) + " returned, and the var does not hold the value of its last write");
      return;
    }
    const ExpectedFailure& root = expect.failures.at(*version.failures.begin());
    contract = ContractOfException(seen.caught, root.caught);
    if (!Same(seen.caught, root)) continue;
    // Several failures may throw alike, as two dropped handles do. The context tells which of them
    // it is; without one it may be any that is not in the log of the engine.
    if (!seen.has_context && !root.in_log_of_engine()) return;
    if (told == nullptr || seen.context.push_number == root.number) told = &root;
  }
  if (told != nullptr) {
    JudgeContext(c, expect, seen, *told, ToText(s));
    return;
  }
  c.Report(
      contract, "wait threw the wrong thing",
      ToText(s) + " threw " + seen.caught.ToText() + ", which fits no write that it may have seen");
}

// ENG-7: refused at once, naming the op.
void JudgeInside(const Case& c, const Statement& s, const Caught& caught) {
  if (caught.what == Caught::What::kStatus && caught.code == StatusCode::kWaitInsideOp &&
      caught.text.find("'" + OpName(s.actor.number) + "'") != std::string::npos)
    return;
  c.Report("ENG-7", "wait inside an op",
           ToText(s) + " was not refused with an error that names " + OpName(s.actor.number) +
               ": " + caught.ToText());
}

// ENG-6: the waits of rounds returned when everything had ended, and then all values were there.
// Nothing fails where there are rounds.
void JudgeRounds(const Case& c, const std::vector<Pushed>& order, const Statement& s,
                 const StatementSeen& seen) {
  if (seen.code != StatusCode::kOk)
    c.Report("ENG-9", "refused without a stop",
             "a push of " + ToText(s) + " answered " + std::string(StatusCodeName(seen.code)));
  if (seen.caught.what != Caught::What::kNothing || !seen.reported.empty())
    c.Report("ERR-6", "wrong exception of wait-all", "one of " + ToText(s) + " told of a failure");
  JudgeEnds(c, order, -1, seen.span, s);
  if (seen.values_missing > 0)
    c.Report("ENG-6", "value not there after a wait",
             "in " + ToText(s) + " a wait for everything returned, and " +
                 std::to_string(seen.values_missing) + " values were not there");
}

}  // namespace

void JudgeWaits(const Case& c, const std::vector<Pushed>& order, const Expectation& expect) {
  std::map<int, Reports> reports;
  reports.emplace(0, Reports(c, expect, 0));
  for (const Statement& s : c.program.statements)
    if (s.scope != 0) reports.emplace(s.scope, Reports(c, expect, s.scope));
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const StatementSeen& seen = c.history.statements[i];
    if (s.verb == Verb::kRounds && seen.span.happened()) JudgeRounds(c, order, s, seen);
    const bool of_all = s.verb == Verb::kWaitAll || s.verb == Verb::kAwait;
    if (!seen.span.happened() || (s.verb != Verb::kWait && !of_all)) continue;
    if (s.actor.is_op) {
      JudgeInside(c, s, of_all ? seen.caught : seen.var.caught);
      continue;
    }
    if (of_all) {
      if (seen.caught.what != Caught::What::kNothing)
        c.Report("ERR-6", "wrong exception of wait-all", "it threw " + seen.caught.ToText());
      JudgeEnds(c, order, -1, seen.span, s);
      reports.at(s.scope).Add(seen.reported, ToText(s), seen.span);
      continue;
    }
    const int instance = seen.handles[s.var].instance;
    JudgeAwait(c, order, expect, s, seen.var, instance);
    JudgeWaitForVar(c, order, expect, s, seen.var, instance);
  }
  for (const std::vector<FailureSeen>& reported : c.history.final_reported)
    reports.at(0).Add(reported, "the last wait-all", {INT64_MAX, INT64_MAX});
  for (const auto& [scope, reported] : c.history.final_scopes)
    reports.at(scope).Add(reported, "the last wait for scope " + std::to_string(scope),
                          {INT64_MAX, INT64_MAX});
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const StatementSeen& seen = c.history.statements[i];
    const Statement& s = c.program.statements[i];
    if ((s.verb == Verb::kWaitAll || s.verb == Verb::kAwait) && seen.span.happened() &&
        !s.actor.is_op)
      reports.at(s.scope).JudgeLate(order, s, seen.span);
  }
  for (auto& [scope, report] : reports) report.End();
}

}  // namespace tenter::fuzz
