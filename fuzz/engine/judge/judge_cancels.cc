// Cancellation: who ran although its scope was cancelled, and deadlines of scopes (ERR-11); what
// bodies were told (ERR-12).
#include <map>
#include <set>

#include "fuzz/engine/judge/cancels.h"
#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/timeouts.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

// Its own deadline had passed before the body asked.
bool EndedLate(const Statement& s, const StatementSeen& seen) {
  return s.short_deadline && seen.ended_ns != 0 && seen.end_ns > seen.ended_ns + ShortDeadlineNs(s);
}

void JudgeToken(const Case& c, const Statement& s, const StatementSeen& seen) {
  const Cancels any = CancelsOf(c, s, false);
  if (seen.cancel_seen && any.first_begin > seen.body.end && !s.short_deadline)
    c.Report("ERR-12", "token requested without a cancel",
             ToText(s) + " was told of a cancellation, and nobody had cancelled it");
  if (!seen.cancel_seen && (s.blocks || any.first_end < seen.body.begin || EndedLate(s, seen)))
    c.Report("ERR-12", "token not requested",
             ToText(s) + " was not told of the cancellation that had come before");
}

// What wakes a body is called once, and neither runs nor begins when the body has taken it back.
void JudgeWake(const Case& c, const Statement& s, const StatementSeen& seen) {
  if (seen.callback_gone == 0) return;
  if (seen.wakes > 1)
    c.Report("ERR-12", "woken twice",
             ToText(s) + " was woken " + std::to_string(seen.wakes) + " times");
  if (seen.left_inside || seen.wake.end > seen.callback_gone)
    c.Report("ERR-12", "callback outlives its end",
             ToText(s) + " was woken by a callback that still ran when it had been destroyed");
}

void JudgeDeadlines(const Case& c) {
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const StatementSeen& seen = c.history.statements[i];
    if (s.verb == Verb::kTimeout && seen.code != StatusCode::kOk)
      c.Report("ERR-11", "deadline of a scope refused",
               ToText(s) + " answered " + std::string(StatusCodeName(seen.code)));
    if (s.verb == Verb::kExpired && seen.span.happened() && !seen.expired)
      c.Report("ERR-11", "deadline of a scope forgotten",
               ToText(s) + ": the scope was not cancelled, long after its deadline");
  }
}

// A scope is cancelled once, by its deadline or by a call, and all of its ops tell which it was.
// Stop cancels ops of all scopes, with a code of its own.
void JudgeOneCode(const Case& c, const std::vector<Pushed>& order) {
  std::map<uint64_t, int> scopes;
  for (const Pushed& p : order)
    if (!p.deletes) scopes[p.number] = c.statement(p).scope;
  for (const Statement& s : c.program.statements)
    if (StopsWithCancel(s)) return;
  std::map<int, std::set<StatusCode>> codes;
  const auto note = [&](const VarSeen& seen) {
    for (const FailureSeen& f : seen.failures)
      if (const auto scope = scopes.find(f.push_number);
          f.place == FailurePlace::kCancelled && scope != scopes.end())
        codes[scope->second].insert(f.caught.code);
  };
  for (const StatementSeen& seen : c.history.statements) note(seen.var);
  for (const VarSeen& seen : c.history.final_vars) note(seen);
  for (const auto& [scope, seen] : codes)
    if (seen.size() > 1)
      c.Report("ERR-11", "cancelled for two reasons",
               "some ops of scope " + std::to_string(scope) +
                   " say that it was cancelled, others that its deadline had passed");
}

}  // namespace

void JudgeCancels(const Case& c, const std::vector<Pushed>& order) {
  for (const Pushed& p : order) {
    const Statement& s = c.statement(p);
    const StatementSeen& seen = c.seen(p);
    if (p.deletes || (seen.runs == 0 && !seen.raced)) continue;
    if (CancelsOf(c, s, true).first_end < seen.span.begin)
      c.Report("ERR-11", "ran in a cancelled scope",
               ToText(s) + " ran although its scope had been cancelled before it was pushed");
    // A body that throws has not looked at its token.
    if (seen.runs == 1 && s.ends == Ends::kSync && s.throws == Type::kNone) {
      JudgeToken(c, s, seen);
      JudgeWake(c, s, seen);
    }
  }
  JudgeDeadlines(c);
  JudgeOneCode(c, order);
}

}  // namespace tenter::fuzz
