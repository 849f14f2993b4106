// Deadlines of ops that end with their bodies (ERR-1): what has waited for too long fails without
// its body, and what has begun ends with it. The clock is the machine's, so that only what it
// surely says is judged: an op comes too late when one before it ended that late, and fails too
// early when a wait for it was over before its deadline.
#include <algorithm>

#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/timeouts.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

// The op that held `late` up until its deadline had passed, or null.
const Pushed* HeldUpBy(const Case& c, const std::vector<Pushed>& order, const Pushed& late) {
  const int64_t pushed_ns = c.seen(late).ended_ns;
  if (pushed_ns == 0) return nullptr;
  const int64_t deadline_ns = pushed_ns + ShortDeadlineNs(c.statement(late));  // at the latest
  for (const Pushed& before : order) {
    if (before.number >= late.number) return nullptr;
    if (!before.deletes && Conflict(before, late) && c.seen(before).end_ns > deadline_ns)
      return &before;
  }
  return nullptr;
}

// Whether `call`, which returned, had waited for `pushed`.
bool HasWaitedFor(const StatementSeen& call, const Statement& s, const Case& c,
                  const Pushed& pushed) {
  if (s.actor.is_op || call.ended_ns == 0 || call.span.begin < c.seen(pushed).span.end)
    return false;
  if (s.verb == Verb::kWaitAll) return true;
  return s.verb == Verb::kWait && call.var.code == StatusCode::kOk &&
         Contains(pushed.writes, call.handles[static_cast<size_t>(s.var)].instance);
}

// The wait that knew that `failed` had ended before its deadline can have passed, or null.
const Statement* KnewTooEarly(const Case& c, const Pushed& failed) {
  const int64_t deadline_ns =
      c.seen(failed).begun_ns + ShortDeadlineNs(c.statement(failed));  // at the earliest
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const StatementSeen& call = c.history.statements[i];
    if (call.ended_ns < deadline_ns && HasWaitedFor(call, c.program.statements[i], c, failed))
      return &c.program.statements[i];
  }
  return nullptr;
}

}  // namespace

void JudgeLate(const Case& c, const std::vector<Pushed>& order) {
  for (const Pushed& p : order) {
    if (p.deletes || !c.statement(p).short_deadline) continue;
    const std::string text = ToText(c.statement(p));
    const Statement* const early =
        p.raced == FailurePlace::kDeadline ? KnewTooEarly(c, p) : nullptr;
    if (early != nullptr)
      c.Report("ERR-1", "before its deadline",
               text + " failed by its deadline before that had passed: " + ToText(*early) +
                   " returned earlier");
    if (c.seen(p).runs == 0) continue;
    if (const Pushed* before = HeldUpBy(c, order, p); before != nullptr)
      c.Report("ERR-1", "ran behind its deadline",
               text + " ran although its deadline had passed before " +
                   ToText(c.statement(*before)) + " ended, for which it waited");
    if (p.raced == FailurePlace::kDeadline)
      c.Report("ERR-1", "late although it ran", text + " ran, and failed by its deadline");
  }
}

}  // namespace tenter::fuzz
