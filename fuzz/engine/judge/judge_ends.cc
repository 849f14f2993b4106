// What a wait may tell of, and whether it waited at all (ENG-6, ENG-8).
#include <algorithm>

#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {

Candidates FindCandidates(const Case& c, const std::vector<Pushed>& order, int instance,
                          const Span& wait) {
  Candidates candidates;
  size_t version = 0;
  for (const Pushed& p : order) {
    if (!Contains(p.writes, instance)) continue;
    ++version;
    if (c.seen(p).span.end < wait.begin) candidates.first = version;
    if (c.seen(p).span.begin < wait.end) candidates.last = version;
  }
  candidates.last = std::max(candidates.last, candidates.first);
  return candidates;
}

void JudgeEnds(const Case& c, const std::vector<Pushed>& order, int instance, const Span& wait,
               const Statement& s) {
  for (const Pushed& p : order)
    if ((s.verb != Verb::kAwait || c.statement(p).scope == s.scope) && c.seen(p).runs > 0 &&
        c.seen(p).span.end < wait.begin && (instance < 0 || Contains(p.writes, instance)) &&
        c.seen(p).body.end > wait.end)
      return c.Report("ENG-6", "returned too early",
                      ToText(s) + " returned before " + ToText(c.statement(p)) +
                          " had ended, which was pushed before the call");
}

bool IsStale(const Case& c, int instance, const Span& wait, bool refused, const Statement& s) {
  const bool surely = instance < 0 || SurelyDeleted(c, instance, wait.begin);
  const bool maybe = instance < 0 || MaybeDeleted(c, instance, wait.end);
  if (surely && !refused)
    c.Report("ENG-8", "no stale handle", ToText(s) + " was accepted for a deleted var");
  if (refused && !maybe)
    c.Report("ENG-8", "refused a live handle", ToText(s) + " was refused, and the var is live");
  return refused || surely;
}

}  // namespace tenter::fuzz
