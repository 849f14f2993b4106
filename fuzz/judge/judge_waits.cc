// What waits told, and when they returned (ENG-6, ENG-7, ERR-5, ERR-6, ERR-9).
#include <algorithm>
#include <map>
#include <set>

#include "fuzz/judge/judge.h"
#include "fuzz/program/to_text.h"

namespace tenter::fuzz {
namespace {

bool Contains(const std::vector<int>& all, int one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// The versions of a var that a wait may tell of: the last write that was surely pushed before the
// call, or any later one whose push had begun before it returned. In a sequential program: one.
struct Candidates {
  size_t first = 0, last = 0;
};
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

// ENG-6: every write pushed before the call has ended; `s` may wait for the ops of one scope.
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

void JudgeContext(const Case& c, const VarSeen& seen, const ExpectedFailure& root,
                  const std::string& where) {
  // Not in the log of the engine: it is no failure of the op, or one of a scope.
  if (root.place == FailurePlace::kCancelled || root.scope != 0) return;
  if (!seen.has_context)
    c.Report("ERR-7", "no context", where + ": FailureOf knows nothing of the exception");
  else
    JudgeFailure(c, seen.context, root, where);
}

void JudgeWaitForVar(const Case& c, const std::vector<Pushed>& order, const Expectation& expect,
                     const Statement& s, const VarSeen& seen, int instance) {
  const bool stale =
      seen.caught.what == Caught::What::kStatus && seen.caught.code == StatusCode::kStaleHandle;
  if (IsStale(c, instance, seen.wait, stale, s)) return;
  JudgeEnds(c, order, instance, seen.wait, s);
  const Candidates candidates = FindCandidates(c, order, instance, seen.wait);
  const ExpectedFailure* told = nullptr;
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
    if (!Same(seen.caught, root.caught)) continue;
    // Two dropped handles throw alike: the context tells which of them it is.
    if (told == nullptr || seen.context.push_number == root.number) told = &root;
  }
  if (told != nullptr) return JudgeContext(c, seen, *told, ToText(s));
  c.Report(
      "ERR-5", "wait threw the wrong thing",
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

// ERR-6, ERR-9 and ERR-11: each failure once, sorted, at the first wait that could know of it, and
// in the log of its scope.
class Reports {
 public:
  Reports(const Case& c, const Expectation& expect, int scope) : c_(c) {
    for (const ExpectedFailure& f : expect.reported)
      if (f.scope == scope)
        missing_[{f.number, f.place}] = f;
      else
        elsewhere_.insert({f.number, f.place});
    for (const ExpectedFailure& f : expect.may_be_reported)
      if (f.scope == scope) optional_[{f.number, f.place}] = f;
  }
  void Add(const std::vector<FailureSeen>& reported, const std::string& where, const Span& span) {
    for (size_t i = 0; i < reported.size(); ++i) {
      const FailureSeen& f = reported[i];
      if (i > 0 && std::pair(reported[i - 1].push_number, reported[i - 1].place) >
                       std::pair(f.push_number, f.place))
        c_.Report("ERR-6", "report not in push order",
                  where + " reports push " + std::to_string(f.push_number) + " too late");
      const std::pair key(f.push_number, f.place);
      if (const auto may = optional_.find(key); may != optional_.end()) missing_.insert(*may);
      if (seen_.contains(key)) {
        c_.Report("ERR-6", "reported twice",
                  where + " reports op '" + f.op + "' (push " + std::to_string(f.push_number) +
                      "), which another wait-all, or this one, has reported already");
      } else if (elsewhere_.contains(key)) {
        c_.Report("ERR-11", "told to the wrong scope",
                  where + " reports op '" + f.op + "' (push " + std::to_string(f.push_number) +
                      "), which another scope, or the engine, has to tell of");
      } else if (!missing_.contains(key)) {
        c_.Report("ERR-6", "reported without a failure",
                  where + " reports op '" + f.op + "' (push " + std::to_string(f.push_number) +
                      "), which did not fail as a root in its " +
                      std::string(FailurePlaceName(f.place)));
      } else {
        JudgeFailure(c_, f, missing_[key], where);
        missing_.erase(key);
        optional_.erase(key);
      }
      seen_[key] = span;
    }
  }
  void End() {
    for (const auto& [key, f] : missing_)
      c_.Report(
          f.place == FailurePlace::kDeleter || f.place == FailurePlace::kAfterEnd ? "ERR-9"
                                                                                  : "ERR-6",
          "never reported",
          "no wait-all reports " + f.caught.ToText() + " (push " + std::to_string(f.number) + ")");
  }
  // `wait` was pushed behind the failing op and returned before the wait that reported it began.
  void JudgeLate(const std::vector<Pushed>& order, const Statement& s, const Span& wait) {
    for (const Pushed& p : order)
      for (const FailurePlace place :
           {FailurePlace::kBody, FailurePlace::kCompletion, FailurePlace::kDropped,
            FailurePlace::kDeadline, FailurePlace::kDeleter}) {
        const auto it = seen_.find({p.number, place});
        if (it != seen_.end() && c_.seen(p).span.end < wait.begin && wait.end < it->second.begin)
          c_.Report("ERR-6", "reported too late",
                    ToText(s) + " did not report " + ToText(c_.statement(p)) +
                        ", which was pushed before the call; a later wait-all did");
      }
  }

 private:
  using Key = std::pair<uint64_t, FailurePlace>;
  const Case& c_;
  std::map<Key, ExpectedFailure> missing_, optional_;
  std::set<Key> elsewhere_;
  std::map<Key, Span> seen_;
};

}  // namespace

void JudgeWaits(const Case& c, const std::vector<Pushed>& order, const Expectation& expect) {
  std::map<int, Reports> reports;
  reports.emplace(0, Reports(c, expect, 0));
  for (const Statement& s : c.program.statements)
    if (s.scope != 0) reports.emplace(s.scope, Reports(c, expect, s.scope));
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    const StatementSeen& seen = c.history.statements[i];
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
