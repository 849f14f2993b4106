// Deadlines of ops that end with their bodies (ERR-1): what has waited for too long fails without
// its body, and what has begun ends with it. The clock is the machine's, so that only what it
// surely says is judged: an op comes too late when one before it ended that late.
#include <algorithm>

#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/timeouts.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

// The op that held `late` up until its deadline had passed, or null.
const Pushed* HeldUpBy(const Case& c, const std::vector<Pushed>& order, const Pushed& late) {
  const int64_t pushed_ns = c.seen(late).pushed_ns;
  if (pushed_ns == 0) return nullptr;
  for (const Pushed& before : order) {
    if (before.number >= late.number) return nullptr;
    if (!before.deletes && Conflict(before, late) && c.seen(before).end_ns > pushed_ns + kSoonNs)
      return &before;
  }
  return nullptr;
}

}  // namespace

void JudgeLate(const Case& c, const std::vector<Pushed>& order) {
  for (const Pushed& p : order) {
    if (p.deletes || !c.statement(p).short_deadline || c.seen(p).runs == 0) continue;
    const std::string text = ToText(c.statement(p));
    if (const Pushed* before = HeldUpBy(c, order, p); before != nullptr)
      c.Report("ERR-1", "ran behind its deadline",
               text + " ran although its deadline had passed before " +
                   ToText(c.statement(*before)) + " ended, for which it waited");
    if (p.raced == FailurePlace::kDeadline)
      c.Report("ERR-1", "late although it ran", text + " ran, and failed by its deadline");
  }
}

}  // namespace tenter::fuzz
