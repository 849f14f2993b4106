#include "fuzz/target_engine/judge/judge.h"

#include <algorithm>

#include "fuzz/engine/judge/choices.h"
#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/to_text.h"
#include "fuzz/engine/program/values.h"
#include "fuzz/target_engine/judge/told.h"

namespace tenter::fuzz::target_engine {
namespace {

// The first and the last calls of the case.
void JudgeLife(const Case& c, const TargetHistory& history) {
  const auto check = [&](const char* contract, const char* kind, const Answer& answer) {
    if (answer.code != TGT_OK) c.Report(contract, kind, TextOf(answer));
  };
  check("ERR-10", "no engine", history.created);
  if (history.calls.construction != StatusCode::kOk)
    c.Report("ENG-8", "no var", std::string(StatusCodeName(history.calls.construction)));
  check("ENG-9", "a stop failed", history.stopped);
  check("ENG-9", "a free failed", history.freed);
}

// ENG-7: refused, naming the op.
void JudgeInside(const Case& c, const Statement& s, const Answer& answer) {
  if (answer.code == TGT_WAIT_INSIDE_OP &&
      answer.message.find(OpName(s.actor.number)) != std::string::npos)
    return;
  c.Report("ENG-7", "wait inside an op",
           ToText(s) + " was not refused with an error that names " + OpName(s.actor.number) +
               ": " + TextOf(answer));
}

// When waits returned, and with what but failures (ENG-6, ENG-7, ENG-8).
void JudgeReturns(const Case& c, const std::vector<Pushed>& order, const TargetHistory& history) {
  for (size_t i = 0; i < c.program.statements.size(); ++i) {
    const Statement& s = c.program.statements[i];
    if (!c.history.statements[i].span.happened() ||
        (s.verb != Verb::kWait && s.verb != Verb::kWaitAll))
      continue;
    const bool of_all = s.verb == Verb::kWaitAll;
    const VarWait& wait = history.var_waits[i];
    const Answer& answer = of_all ? history.all_waits[i].answer : wait.answer;
    const Span& span = of_all ? history.all_waits[i].span : wait.span;
    if (s.actor.is_op) {
      JudgeInside(c, s, answer);
    } else if (of_all) {
      if (answer.code != TGT_OK)
        c.Report("ERR-6", "a wait for all failed", ToText(s) + " answered " + TextOf(answer));
      JudgeEnds(c, order, -1, span, s);
    } else if (!IsStale(c, wait.instance, span, answer.code == TGT_STALE_HANDLE, s)) {
      JudgeEnds(c, order, wait.instance, span, s);
    }
  }
  for (const AllWait& wait : history.last_all_waits)
    if (wait.answer.code != TGT_OK)
      c.Report("ERR-6", "a wait for all failed",
               "the last wait for all answered " + TextOf(wait.answer));
  for (const std::vector<VarWait>& round : history.last_var_waits)
    for (const VarWait& wait : round)
      if (SurelyDeleted(c, wait.instance, INT64_MAX) != (wait.answer.code == TGT_STALE_HANDLE))
        c.Report("ENG-8",
                 wait.answer.code == TGT_STALE_HANDLE ? "refused a live handle" : "no stale handle",
                 "the last wait for var number " + std::to_string(wait.instance) + " answered " +
                     TextOf(wait.answer));
}

// ERR-1: fewer ops have failed than bodies did, and not since more were skipped.
void JudgeFailures(const Case& c, const Expectation& expect) {
  const EngineCounts& counts = c.history.counts;
  if (counts.failed < expect.failed && counts.skipped <= expect.skipped)
    c.Report("ERR-1", "failure lost",
             std::to_string(counts.failed) + " ops count as failed, expected " +
                 std::to_string(expect.failed));
}

// Whether a deletion counts as an op that was pushed and ran is the target's.
void JudgeCounts(const Case& c, const std::vector<Pushed>& order, const Expectation& expect) {
  const EngineCounts& counts = c.history.counts;
  const uint64_t deletes = static_cast<uint64_t>(
      std::count_if(order.begin(), order.end(), [](const Pushed& p) { return p.deletes; }));
  const auto check = [&](const char* contract, const char* name, uint64_t got, uint64_t wanted,
                         uint64_t or_less) {
    if (got > wanted || got + or_less < wanted)
      c.Report(contract, std::string("wrong count: ") + name,
               std::string(name) + " is " + std::to_string(got) + ", expected " +
                   std::to_string(wanted));
  };
  check("ENG-5", "pushed", counts.pushed, order.size(), deletes);
  check("ENG-5", "ran", counts.ran, expect.ran, deletes);
  check("ERR-1", "failed", counts.failed, expect.failed, 0);
  check("ERR-3", "skipped", counts.skipped, expect.skipped, 0);
  check("ENG-9", "cancelled", counts.cancelled, expect.cancelled, 0);
}

// A target may release what it refused, or leave that to the one who pushed.
bool IsReleased(const Case& c, size_t push, int releases) {
  const StatementSeen& seen = c.history.statements[push];
  if (!seen.span.happened()) return releases == 0;
  return releases == 1 || (releases == 0 && seen.code != StatusCode::kOk);
}

void JudgeLeftovers(const Case& c, const std::vector<Pushed>& order, const TargetHistory& history) {
  const auto report = [&](const char* contract, const char* kind, const std::string& detail) {
    c.Report(contract, kind, detail);
  };
  if (c.history.counts.live_ops != 0)
    report("ENG-5", "wrong count: live ops", std::to_string(c.history.counts.live_ops));
  uint64_t live = static_cast<uint64_t>(SpareVars(c.program) + c.instances());
  for (const Pushed& p : order) live -= p.deletes;
  if (c.history.counts.live_vars != live)
    report("ENG-8", "wrong count: live vars",
           std::to_string(c.history.counts.live_vars) + ", expected " + std::to_string(live));
  for (size_t i = 0; i < history.releases.size(); ++i)
    if (c.program.statements[i].verb == Verb::kPush && !IsReleased(c, i, history.releases[i]))
      report("ENG-5", "not released once",
             ToText(c.program.statements[i]) + ": its argument was released " +
                 std::to_string(history.releases[i]) + " times");
  if (c.history.exceptions_left != 0)
    report("ENG-5", "exceptions outlive the engine",
           std::to_string(c.history.exceptions_left) + " are left");
}

// Under ONCE: what was told is forgotten. Whether an op that reads such a var is skipped then is
// not promised, so that nothing is known of what comes of it.
bool SomethingForgottenIsRead(const ToldCase& t) {
  if (t.promises.errors != TGT_ERRORS_ONCE) return false;
  std::set<uint64_t> told;
  for (const VarWait& wait : t.history.var_waits)
    if (wait.answer.code != TGT_OK) told.insert(NumberOf(t, wait.answer));
  for (const AllWait& wait : t.history.all_waits)
    for (const Answer& failure : wait.failures) told.insert(NumberOf(t, failure));
  std::map<int, size_t> versions;
  for (const Pushed& p : t.order.pushes) {
    for (const int instance : p.reads)
      for (const uint64_t failure : t.expect.versions[instance][versions[instance]].failures)
        if (told.contains(failure)) return true;
    for (const int instance : p.writes) ++versions[instance];
  }
  return false;
}

}  // namespace

std::vector<Finding> Judge(const Program& program, const TargetHistory& history,
                           const Promises& promises) {
  std::vector<Finding> findings;
  if (program.workers == 0 && history.created.code == TGT_UNSUPPORTED) return findings;
  const Case c{program, history.calls, findings};
  JudgeLife(c, history);
  if (!findings.empty()) return findings;
  JudgeCalls(c);
  const Order order = OrderOf(c, promises);
  if (!findings.empty()) return findings;  // without an order of pushes nothing else means much
  JudgeOrder(c, order.pushes);
  JudgeReturns(c, order.pushes, history);
  if (order.certain)
    JudgeEveryChoice(c, order.pushes, [&](const Case& chosen, const Expectation& expect) {
      const ToldCase told{chosen, history, promises, order, expect};
      if (SomethingForgottenIsRead(told)) return;
      JudgeFailures(chosen, expect);
      JudgeRuns(chosen, order.pushes, expect);
      if (promises.total_order || !expect.shortened) JudgeVarWaits(told);
      JudgeAllWaits(told);
      JudgeCounts(chosen, order.pushes, expect);
    });
  JudgeLeftovers(c, order.pushes, history);
  return findings;
}

}  // namespace tenter::fuzz::target_engine
