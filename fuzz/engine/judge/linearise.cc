// The order in which the engine took the pushes (ENG-2, ENG-3, ENG-8).
#include <algorithm>
#include <set>

#include "fuzz/engine/judge/cancels.h"
#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

struct Gap {
  size_t statement;
  uint64_t after, before;  // its push number lies between these
};

// The push number that a wait-all gave for the failure of this deleter, or 0.
uint64_t ReportedNumber(const Case& c, int instance) {
  const auto find = [&](const std::vector<FailureSeen>& reported) -> uint64_t {
    for (const FailureSeen& f : reported)
      if (f.place == FailurePlace::kDeleter && f.caught.id == DeleterId(instance))
        return f.push_number;
    return 0;
  };
  for (const StatementSeen& seen : c.history.statements)
    if (const uint64_t number = find(seen.reported); number != 0) return number;
  for (const std::vector<FailureSeen>& reported : c.history.final_reported)
    if (const uint64_t number = find(reported); number != 0) return number;
  return 0;
}

// A delete does not tell its push number: it took one of those that no push got. Its bounds are the
// pushes of its own thread, and the uses of its var that were accepted.
std::vector<Gap> FindGaps(const Case& c, const std::vector<Pushed>& pushes) {
  std::vector<Gap> gaps;
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const StatementSeen& seen = c.history.statements[i];
    if (s.verb != Verb::kDelete || !seen.span.happened() || seen.code != StatusCode::kOk) continue;
    Gap gap{i, 0, UINT64_MAX};
    const int instance = seen.handles[s.var].instance;
    for (const Pushed& p : pushes) {
      const Span& span = c.seen(p).span;
      if (Uses(p, instance) || span.end < seen.span.begin)
        gap.after = std::max(gap.after, p.number);
      if (span.begin > seen.span.end) gap.before = std::min(gap.before, p.number);
    }
    // Several threads: the order of two deletes is chance, and only a failure tells it.
    const uint64_t told = IsSequential(c.program) ? 0 : ReportedNumber(c, instance);
    if (told > gap.after && told < gap.before) gap = {i, told - 1, told + 1};
    gaps.push_back(gap);
  }
  std::sort(gaps.begin(), gaps.end(), [](const Gap& a, const Gap& b) {
    return std::pair(a.before, a.after) < std::pair(b.before, b.after);
  });
  return gaps;
}

void PlaceDeletes(const Case& c, std::vector<Pushed>* pushes) {
  std::set<uint64_t> free;
  for (uint64_t n = 1; n <= c.history.counts.pushed; ++n) free.insert(n);
  if (c.program.gated && c.program.workers > 0) free.erase(1);
  for (const Pushed& p : *pushes) free.erase(p.number);
  const std::vector<Gap> gaps = FindGaps(c, *pushes);
  const size_t deletes = gaps.size() + c.history.programs_released;
  if (!c.history.crowd.cut_off && free.size() != deletes + c.others_pushes())
    return c.Report(Has(c.program, Verb::kStop) ? "ENG-9" : "ERR-10", "wrong number of pushes",
                    "the engine counted " + std::to_string(c.history.counts.pushed) + " pushes; " +
                        std::to_string(pushes->size() + deletes + c.others_pushes()) +
                        " were accepted, the others refused");
  for (const Gap& gap : gaps) {
    const auto number = free.upper_bound(gap.after);
    const StatementSeen& seen = c.history.statements[gap.statement];
    const Statement& s = c.program.statements[gap.statement];
    if (number == free.end() || *number >= gap.before)
      return c.Report("ENG-8", "delete before an earlier use",
                      ToText(s) + " cannot stand behind every accepted use of its var");
    pushes->push_back({.number = *number,
                       .statement = gap.statement,
                       .deletes = true,
                       .reads = {},
                       .writes = {seen.handles[s.var].instance}});
    free.erase(number);
  }
}

// Whether a failure there tells how the op ended.
bool IsTold(const Statement& s, FailurePlace place) {
  if (Races(s)) return place != FailurePlace::kAfterEnd;
  return s.short_deadline && place == FailurePlace::kDeadline;
}

// Fills in how ops ended of which chance says it, by what was reported of them.
void NoteRaces(const Case& c, std::vector<Pushed>* order) {
  const auto note = [&](const std::vector<FailureSeen>& reported) {
    for (const FailureSeen& f : reported)
      for (Pushed& p : *order)
        if (p.number == f.push_number && !p.deletes && IsTold(c.statement(p), f.place))
          p.raced = f.place;
  };
  for (const StatementSeen& seen : c.history.statements) note(seen.reported);
  for (const std::vector<FailureSeen>& reported : c.history.final_reported) note(reported);
  for (const auto& [scope, reported] : c.history.final_scopes) note(reported);
}

bool ByNumber(const Pushed& a, const Pushed& b) { return a.number < b.number; }

}  // namespace

// ENG-3 and ENG-2: one thread's pushes, and pushes that follow one another in time, have rising
// numbers. What another thread pushed in a bulk may have waited there.
void JudgeNumbers(const Case& c, const std::vector<Pushed>& pushes) {
  for (size_t i = 1; i < pushes.size(); ++i)
    if (pushes[i - 1].number == pushes[i].number)
      return c.Report(
          c.statement(pushes[i]).actor == c.statement(pushes[i - 1]).actor ? "ENG-3" : "ENG-2",
          "two pushes with one number",
          ToText(c.statement(pushes[i])) + " got the number of another push");
  for (const Pushed& a : pushes)
    for (const Pushed& b : pushes)
      if (c.seen(a).span.end < c.seen(b).span.begin && a.number > b.number) {
        const bool same = c.statement(a).actor == c.statement(b).actor;
        if (!same && c.statement(a).bulk != 0) continue;
        return c.Report(same ? "ENG-3" : "ENG-2", "push numbers fall",
                        ToText(c.statement(a)) + " returned before " + ToText(c.statement(b)) +
                            " began, and got a larger push number");
      }
}

std::vector<Pushed> AcceptedPushes(const Case& c) {
  std::vector<Pushed> pushes;
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const StatementSeen& seen = c.history.statements[i];
    if (s.verb == Verb::kPush && seen.push_number != 0)
      pushes.push_back({.number = seen.push_number,
                        .statement = i,
                        .deletes = false,
                        .reads = Instances(s.reads, seen.handles),
                        .writes = Instances(s.writes, seen.handles),
                        .cancel_codes = CancelCodes(c, s)});
  }
  std::sort(pushes.begin(), pushes.end(), ByNumber);
  return pushes;
}

std::vector<Pushed> Linearise(const Case& c) {
  if (!c.findings.empty()) return {};
  std::vector<Pushed> pushes = AcceptedPushes(c);
  JudgeNumbers(c, pushes);
  if (c.findings.empty()) PlaceDeletes(c, &pushes);
  std::sort(pushes.begin(), pushes.end(), ByNumber);
  NoteRaces(c, &pushes);
  return pushes;
}

}  // namespace tenter::fuzz
