#include "fuzz/engine/judge/cancels.h"

#include <algorithm>

namespace tenter::fuzz {
namespace {

// Whether a call of this verb for the scope had returned before `time`, and a kExpired had seen the
// scope cancelled.
bool EndedBefore(const Case& c, Verb verb, int scope, int64_t time) {
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const StatementSeen& seen = c.history.statements[i];
    if (c.program.statements[i].verb == verb && c.program.statements[i].scope == scope &&
        seen.span.end != 0 && seen.span.end < time && (verb != Verb::kExpired || seen.expired))
      return true;
  }
  return false;
}

}  // namespace

Cancels CancelsOf(const Case& c, const Statement& push, bool of_scope_only) {
  Cancels cancels;
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const StatementSeen& seen = c.history.statements[i];
    const bool of_scope = push.scope != 0 && s.scope == push.scope;
    const bool stops = StopsWithCancel(s) && !of_scope_only;
    if (!seen.span.happened()) continue;
    if (stops || (of_scope && CancelsScope(s)))
      cancels.first_begin = std::min(cancels.first_begin, seen.span.begin);
    // When a deadline has passed is known only from a wait for that.
    if (seen.span.end != 0 && (stops || (of_scope && (s.verb == Verb::kCancel || seen.expired))))
      cancels.first_end = std::min(cancels.first_end, seen.span.end);
  }
  return cancels;
}

std::vector<StatusCode> CancelCodes(const Case& c, const Statement& push) {
  bool stopped = false, deadline = false;
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const Span& span = c.history.statements[i].span;
    if (!span.happened()) continue;
    stopped |= StopsWithCancel(s);
    if (push.scope == 0 || s.scope != push.scope || !CancelsScope(s)) continue;
    if (s.verb == Verb::kCancel)
      stopped |= !EndedBefore(c, Verb::kExpired, s.scope, span.begin);
    else
      deadline |= !EndedBefore(c, Verb::kCancel, s.scope, span.begin);
  }
  if (!deadline) return {StatusCode::kStopped};
  if (!stopped) return {StatusCode::kDeadlineExceeded};
  return {StatusCode::kStopped, StatusCode::kDeadlineExceeded};
}

}  // namespace tenter::fuzz
