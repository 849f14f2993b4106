// What push, delete, new and stop returned, and the order in which the engine took the pushes.
#include <algorithm>
#include <map>

#include "fuzz/judge/judge.h"
#include "fuzz/program/to_text.h"

namespace tenter::fuzz {
namespace {

bool Deletes(const Case& c, size_t i, int instance) {
  const Statement& s = c.program.statements[i];
  const StatementSeen& seen = c.history.statements[i];
  return s.verb == Verb::kDelete && seen.span.happened() && seen.code == StatusCode::kOk &&
         seen.handles[s.var].instance == instance;
}

struct Stops {
  bool surely = false, maybe = false;
};
Stops StopsBefore(const Case& c, const Span& span) {
  Stops stops;
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const StatementSeen& seen = c.history.statements[i];
    if (c.program.statements[i].verb != Verb::kStop || !seen.span.happened()) continue;
    stops.surely |= seen.span.end < span.begin;
    stops.maybe |= seen.span.begin < span.end;
  }
  return stops;
}

// ENG-8, ENG-9, ERR-10: a call is refused when it must be, and never without a reason.
void JudgeCall(const Case& c, const Statement& s, const StatementSeen& seen,
               const std::vector<int>& letters) {
  const Stops stops = StopsBefore(c, seen.span);
  bool surely_stale = false, maybe_stale = false;
  std::vector<int> instances = Instances(letters, seen.handles);
  instances.insert(instances.end(), seen.also_uses.begin(), seen.also_uses.end());
  for (const int instance : instances) {
    surely_stale |= instance < 0 || SurelyDeleted(c, instance, seen.span.begin);
    maybe_stale |= instance < 0 || MaybeDeleted(c, instance, seen.span.end);
  }
  const std::string what = ToText(s) + " answered " + std::string(StatusCodeName(seen.code));
  switch (seen.code) {
    case StatusCode::kOk:
      if (stops.surely) c.Report("ENG-9", "accepted after a stop", what + " although stopped");
      if (surely_stale) c.Report("ENG-8", "accepted a stale handle", what + " for a deleted var");
      if (s.out_of_memory)
        c.Report("ERR-10", "accepted without memory", what + " although it could not allocate");
      return;
    case StatusCode::kStopped:
      if (!stops.maybe) c.Report("ENG-9", "refused without a stop", what + ", and nobody stopped");
      return;
    case StatusCode::kStaleHandle:
      if (!maybe_stale)
        c.Report("ENG-8", "refused a live handle", what + ", and no var is deleted");
      return;
    case StatusCode::kResourceExhausted:
      if (!s.out_of_memory)
        c.Report("ERR-10", "refused with memory", what + ", and there was memory");
      return;
    default:
      c.Report("ENG-8", "wrong error of a call", what);
  }
}

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
      const bool uses = std::count(p.reads.begin(), p.reads.end(), instance) > 0 ||
                        std::count(p.writes.begin(), p.writes.end(), instance) > 0;
      if (uses || span.end < seen.span.begin) gap.after = std::max(gap.after, p.number);
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
  if (free.size() != gaps.size() + c.history.programs_released)
    return c.Report(Has(c.program, Verb::kStop) ? "ENG-9" : "ERR-10", "wrong number of pushes",
                    "the engine counted " + std::to_string(c.history.counts.pushed) + " pushes; " +
                        std::to_string(pushes->size() + gaps.size() + c.history.programs_released) +
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

// ENG-3 and ENG-2: one thread's pushes, and pushes that follow one another in time, have rising
// numbers.
void JudgeNumbers(const Case& c, const std::vector<Pushed>& pushes) {
  for (size_t i = 1; i < pushes.size(); ++i)
    if (pushes[i - 1].number == pushes[i].number)
      return c.Report("ENG-2", "two pushes with one number",
                      ToText(c.statement(pushes[i])) + " got the number of another push");
  for (const Pushed& a : pushes)
    for (const Pushed& b : pushes)
      if (c.seen(a).span.end < c.seen(b).span.begin && a.number > b.number) {
        const bool same = c.statement(a).actor == c.statement(b).actor;
        return c.Report(same ? "ENG-3" : "ENG-2", "push numbers fall",
                        ToText(c.statement(a)) + " returned before " + ToText(c.statement(b)) +
                            " began, and got a larger push number");
      }
}

}  // namespace

bool SurelyDeleted(const Case& c, int instance, int64_t before) {
  for (size_t i = 0; i < c.program.statements.size(); ++i)
    if (Deletes(c, i, instance) && c.history.statements[i].span.end < before) return true;
  return false;
}

bool MaybeDeleted(const Case& c, int instance, int64_t before) {
  for (size_t i = 0; i < c.program.statements.size(); ++i)
    if (Deletes(c, i, instance) && c.history.statements[i].span.begin < before) return true;
  return false;
}

int InstanceCount(const History& history) { return static_cast<int>(history.final_vars.size()); }

void JudgeCalls(const Case& c) {
  std::map<int, int> deletes;
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const StatementSeen& seen = c.history.statements[i];
    if (!seen.span.happened()) continue;
    std::vector<int> letters;
    if (s.verb == Verb::kPush) {
      letters = s.reads;
      letters.insert(letters.end(), s.writes.begin(), s.writes.end());
    }
    if (s.verb == Verb::kDelete) letters = {s.var};
    if (s.verb == Verb::kPush || s.verb == Verb::kDelete || s.verb == Verb::kNew)
      JudgeCall(c, s, seen, letters);
    if (s.verb == Verb::kDelete && seen.code == StatusCode::kOk &&
        ++deletes[seen.handles[s.var].instance] == 2)
      c.Report("ENG-8", "deleted twice", ToText(s) + " was accepted, and so was another delete");
    if (s.verb == Verb::kStop && seen.code != StatusCode::kOk)
      c.Report("ENG-9", "a stop failed",
               ToText(s) + " answered " + std::string(StatusCodeName(seen.code)));
    if (s.verb == Verb::kStop && seen.live_after_stop > 0)
      c.Report("ENG-9", "alive after a stop",
               ToText(s) + " returned while " + std::to_string(seen.live_after_stop) +
                   " ops had not ended");
  }
}

std::vector<Pushed> Linearise(const Case& c) {
  std::vector<Pushed> pushes;
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const StatementSeen& seen = c.history.statements[i];
    if (s.verb == Verb::kPush && seen.push_number != 0)
      pushes.push_back({.number = seen.push_number,
                        .statement = i,
                        .deletes = false,
                        .reads = Instances(s.reads, seen.handles),
                        .writes = Instances(s.writes, seen.handles)});
  }
  const auto by_number = [](const Pushed& a, const Pushed& b) { return a.number < b.number; };
  std::sort(pushes.begin(), pushes.end(), by_number);
  JudgeNumbers(c, pushes);
  if (c.findings.empty()) PlaceDeletes(c, &pushes);
  std::sort(pushes.begin(), pushes.end(), by_number);
  return pushes;
}

void NoteRaces(const Case& c, std::vector<Pushed>* order) {
  const auto note = [&](const std::vector<FailureSeen>& reported) {
    for (const FailureSeen& f : reported)
      for (Pushed& p : *order)
        if (p.number == f.push_number && !p.deletes && Races(c.statement(p)) &&
            f.place != FailurePlace::kAfterEnd)
          p.raced = f.place;
  };
  for (const StatementSeen& seen : c.history.statements) note(seen.reported);
  for (const std::vector<FailureSeen>& reported : c.history.final_reported) note(reported);
  for (const auto& [scope, reported] : c.history.final_scopes) note(reported);
}

}  // namespace tenter::fuzz
