// What push, delete, new, stop and the flush of a bulk returned (ENG-5, ENG-8, ENG-9, ERR-10).
#include <algorithm>
#include <map>

#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/to_text.h"

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

bool IsTaken(const Case& c, size_t i) {
  const StatementSeen& seen = c.history.statements[i];
  return seen.span.happened() && seen.code == StatusCode::kOk;
}

// ENG-5: an op of a bulk that has no number, although the engine took it, was never run.
void JudgeRan(const Case& c) {
  for (size_t i = 0; i < c.program.statements.size() && c.findings.empty(); ++i) {
    const Statement& s = c.program.statements[i];
    if (s.verb == Verb::kPush && s.bulk != 0 && IsTaken(c, i) &&
        c.history.statements[i].push_number == 0)
      c.Report("ENG-5", "did not run", ToText(s) + " was neither run, skipped nor cancelled");
  }
}

// ENG-5: the engine counted fewer pushes than it took, where it had to refuse an op of some group.
void JudgeBehindRefused(const Case& c) {
  const auto& all = c.history.statements;
  const auto refused = std::find_if(all.begin(), all.end(),
                                    [](const StatementSeen& seen) { return seen.refused_later; });
  if (refused == all.end() || c.history.crowd.cut_off) return;
  uint64_t taken = c.history.programs_released + c.others_pushes();
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Verb verb = c.program.statements[i].verb;
    taken += verb == Verb::kPush     ? all[i].push_number != 0
             : verb == Verb::kDelete ? IsTaken(c, i)
                                     : 0;
  }
  if (c.history.counts.pushed < taken)
    c.Report("ENG-5", "lost beside a refused op",
             "the engine counted " + std::to_string(c.history.counts.pushed) + " of " +
                 std::to_string(taken) + " pushes, and had to refuse " +
                 ToText(c.program.statements[static_cast<size_t>(refused - all.begin())]));
}

// The first op through the same bulk that was refused behind its call, or null.
const StatementSeen* FirstRefused(const Case& c, const Statement& last) {
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const bool same = s.verb == Verb::kPush && s.bulk == last.bulk && s.actor == last.actor;
    if (same && c.history.statements[i].refused_later) return &c.history.statements[i];
  }
  return nullptr;
}

// Of an op that has two reasons either is told.
bool MayTell(const Case& c, const Statement& last, StatusCode code) {
  const StatementSeen* const refused = FirstRefused(c, last);
  if (refused == nullptr) return code == StatusCode::kOk;
  if (code == refused->code) return true;
  return refused->code == StatusCode::kStopped && code == StatusCode::kStaleHandle &&
         Has(c.program, Verb::kDelete);
}

// ENG-8, ENG-9: of the first that could not be pushed the flush tells.
void JudgeFlushes(const Case& c) {
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const auto flushed = c.history.statements[i].flushed;
    if (!flushed.has_value() || MayTell(c, s, *flushed)) continue;
    const StatementSeen* const refused = FirstRefused(c, s);
    const bool stopped = refused != nullptr && refused->code == StatusCode::kStopped;
    c.Report(stopped ? "ENG-9" : "ENG-8", "wrong answer of a flush",
             "the flush behind " + ToText(s) + " answered " +
                 std::string(StatusCodeName(*flushed)) + ", expected " +
                 std::string(StatusCodeName(refused == nullptr ? StatusCode::kOk : refused->code)));
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

void JudgeBulks(const Case& c) {
  JudgeRan(c);
  if (c.findings.empty()) JudgeBehindRefused(c);
  JudgeFlushes(c);
}

}  // namespace tenter::fuzz
