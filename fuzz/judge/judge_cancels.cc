// Cancellation: who ran although its scope was cancelled (ERR-11), and what bodies were told
// (ERR-12).
#include <algorithm>

#include "fuzz/judge/parts.h"
#include "fuzz/program/to_text.h"

namespace tenter::fuzz {
namespace {

// What may have cancelled an op: its scope, or a stop.
struct Cancels {
  int64_t first_begin = INT64_MAX, first_end = INT64_MAX;
};
Cancels CancelsOf(const Case& c, const Statement& push, bool of_scope_only) {
  Cancels cancels;
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const Span& span = c.history.statements[i].span;
    const bool of_scope = s.verb == Verb::kCancel && push.scope != 0 && s.scope == push.scope;
    const bool stop = s.verb == Verb::kStop && s.mode == StopMode::kCancel && !of_scope_only;
    if (!span.happened() || (!of_scope && !stop)) continue;
    cancels.first_begin = std::min(cancels.first_begin, span.begin);
    if (span.end != 0) cancels.first_end = std::min(cancels.first_end, span.end);
  }
  return cancels;
}

void JudgeToken(const Case& c, const Statement& s, const StatementSeen& seen) {
  const Cancels any = CancelsOf(c, s, false);
  if (seen.cancel_seen && any.first_begin > seen.body.end)
    c.Report("ERR-12", "token requested without a cancel",
             ToText(s) + " was told of a cancellation, and nobody had cancelled it");
  if (!seen.cancel_seen && (s.blocks || any.first_end < seen.body.begin))
    c.Report("ERR-12", "token not requested",
             ToText(s) + " was not told of the cancellation that had come before");
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
    if (seen.runs == 1 && s.ends == Ends::kSync && s.throws == Type::kNone) JudgeToken(c, s, seen);
  }
}

}  // namespace tenter::fuzz
