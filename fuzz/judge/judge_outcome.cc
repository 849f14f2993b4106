// Values, poison, failures and counts after everything has ended, against the sequential model.
#include <algorithm>

#include "fuzz/judge/judge.h"
#include "fuzz/program/to_text.h"
#include "fuzz/program/values.h"

namespace tenter::fuzz {
namespace {

std::string Numbers(const std::set<uint64_t>& numbers) {
  std::string text;
  for (const uint64_t n : numbers) text += (text.empty() ? "" : ", ") + std::to_string(n);
  return text.empty() ? "none" : text;
}

// Did a plain write replace a poisoned version of this var?
bool WasHealed(const std::vector<Version>& versions) {
  for (size_t i = 1; i < versions.size(); ++i)
    if (!versions[i - 1].failures.empty() && versions[i].failures.empty()) return true;
  return false;
}

bool Contains(const std::vector<int>& all, int one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

void JudgeFate(const Case& c, const Pushed& p, const ExpectedOp& expected,
               const Expectation& expect) {
  const bool ran = c.seen(p).runs > 0 || c.seen(p).raced || p.raced == FailurePlace::kDeadline;
  const std::string text = ToText(c.statement(p));
  if (ran == (expected.fate == Fate::kRan)) return;
  if (expected.fate == Fate::kRan && c.statement(p).ends == Ends::kHeld) return;  // writes nothing
  if (ran)
    return c.Report(
        std::any_of(p.reads.begin(), p.reads.end(), [&](int i) { return Contains(p.writes, i); })
            ? "ERR-4"
            : "ERR-3",
        "ran on a poisoned input", text + " ran although an input is poisoned");
  const bool healed = std::any_of(p.reads.begin(), p.reads.end(),
                                  [&](int i) { return WasHealed(expect.versions[i]); });
  if (c.program.policy == ErrorPolicy::kRunDependents)
    c.Report("ERR-8", "did not run", text + " did not run, and the policy is to run dependents");
  else if (c.history.counts.skipped > expect.skipped)
    c.Report(healed ? "ERR-4" : "ERR-2", "skipped without poison",
             text + " was skipped, and no input is poisoned");
  else
    c.Report("ENG-5", "did not run", text + " was neither run, skipped nor cancelled");
}

void JudgeValuesRead(const Case& c, const Pushed& p, const ExpectedOp& expected) {
  if (p.deletes || c.seen(p).runs == 0 || expected.fate != Fate::kRan ||
      c.seen(p).values_read == expected.values_read)
    return;
  const bool update =
      std::any_of(p.reads.begin(), p.reads.end(), [&](int i) { return Contains(p.writes, i); });
  const std::vector<int64_t>& read = c.seen(p).values_read;
  const bool gone = std::find(read.begin(), read.end(), kTombstone) != read.end();
  c.Report(gone     ? "ENG-8"
           : update ? "ENG-4"
                    : "ENG-1",
           "wrong value read",
           ToText(c.statement(p)) + " read a value that no run in push order gives it");
}

// ERR-2 to ERR-4: the poison of one var.
void JudgePoison(const Case& c, int instance, const VarSeen& seen, const Expectation& expect) {
  const std::vector<Version>& versions = expect.versions[instance];
  const std::set<uint64_t>& wanted = versions.back().failures;
  std::set<uint64_t> got;
  for (const FailureSeen& f : seen.failures) got.insert(f.push_number);
  const std::string what = "var number " + std::to_string(instance) +
                           " carries the failures of pushes " + Numbers(got) + ", expected " +
                           Numbers(wanted);
  if (got == wanted) {
    for (size_t i = 0; i < seen.failures.size(); ++i)
      if (seen.failures[i].push_number != *std::next(wanted.begin(), static_cast<long>(i)))
        return c.Report("ERR-3", "wrong root", what + "; the first is not the root");
    return;
  }
  if (wanted.empty())
    return c.Report(WasHealed(versions) ? "ERR-4" : "ERR-2", "poisoned without a failure", what);
  const uint64_t last = versions.back().number;
  if (got.empty()) {
    const auto own = expect.failures.find(last);
    if (own != expect.failures.end())
      return c.Report("ERR-1", "failure lost", what + "; the last op that wrote it had failed");
    return c.Report("ERR-2", "poison lost", what);
  }
  c.Report("ERR-3", *got.begin() == *wanted.begin() ? "wrong also" : "wrong root", what);
}

// ERR-5: at every wait the root failure, with its own type.
void JudgeThrown(const Case& c, int instance, const VarSeen& seen, const Expectation& expect) {
  const std::set<uint64_t>& wanted = expect.versions[instance].back().failures;
  const std::string where = "a wait on var number " + std::to_string(instance);
  if (wanted.empty()) {
    if (seen.caught.what != Caught::What::kNothing)
      c.Report("ERR-5", "threw on a healthy var", where + " threw " + seen.caught.ToText());
    return;
  }
  const ExpectedFailure& root = expect.failures.at(*wanted.begin());
  if (!Same(seen.caught, root.caught))
    return c.Report(
        "ERR-5", "wrong exception",
        where + " threw " + seen.caught.ToText() + ", expected " + root.caught.ToText());
  // Not in the log of the engine: it is no failure of the op, or one of a scope.
  if (root.place == FailurePlace::kCancelled || root.scope != 0) return;
  if (!seen.has_context)
    return c.Report("ERR-7", "no context", where + ": FailureOf knows nothing of the exception");
  JudgeFailure(c, seen.context, root, where);
  const auto chain = expect.chains.find(root.number);
  const std::vector<std::pair<uint64_t, std::string>> expected_chain =
      chain == expect.chains.end() ? std::vector<std::pair<uint64_t, std::string>>{}
                                   : chain->second;
  if (seen.context.chain != expected_chain)
    c.Report("ERR-7", "wrong chain",
             where + ": the chain of " + root.op + " has " +
                 std::to_string(seen.context.chain.size()) + " ops, expected " +
                 std::to_string(expected_chain.size()));
}

void JudgeCounts(const Case& c, const Expectation& expect) {
  const EngineCounts& counts = c.history.counts;
  const uint64_t gate = c.program.gated && c.program.workers > 0 ? 1 : 0;
  const auto check = [&](const char* contract, const char* name, uint64_t got, uint64_t wanted) {
    if (got != wanted)
      c.Report(contract, std::string("wrong count: ") + name,
               std::string(name) + " is " + std::to_string(got) + ", expected " +
                   std::to_string(wanted));
  };
  check("ENG-5", "ran", counts.ran, expect.ran + gate + c.history.programs_released);
  check("ERR-1", "failed", counts.failed, expect.failed);
  check("ERR-3", "skipped", counts.skipped, expect.skipped);
  check("ENG-9", "cancelled", counts.cancelled, expect.cancelled);
  check("ENG-5", "live ops", counts.live_ops, 0);
  uint64_t live = c.history.programs_alive;
  for (const std::vector<Version>& versions : expect.versions)
    live += versions.back().value != kTombstone;
  check("ENG-8", "live vars", counts.live_vars, live);
}

}  // namespace

bool Same(const Caught& seen, const Caught& expected) {
  if (seen.what != expected.what) return false;
  if (seen.what == Caught::What::kPlanned)
    return seen.type == expected.type && seen.id == expected.id;
  return seen.code == expected.code;
}

void JudgeFailure(const Case& c, const FailureSeen& seen, const ExpectedFailure& expected,
                  const std::string& where) {
  const bool on_worker = expected.place == FailurePlace::kBody ||
                         (expected.place == FailurePlace::kAfterEnd && !expected.by_handle) ||
                         expected.place == FailurePlace::kDeleter;
  if (!Same(seen.caught, expected.caught))
    c.Report(
        "ERR-5", "wrong exception",
        where + " tells of " + seen.caught.ToText() + ", expected " + expected.caught.ToText());
  else if (seen.push_number != expected.number ||
           (!expected.op.empty() && seen.op != expected.op) || seen.place != expected.place ||
           seen.thread.empty() ||
           (on_worker && c.program.workers > 0 && !seen.thread.starts_with("tenter-w")))
    c.Report("ERR-7", "wrong context",
             where + " tells of op '" + seen.op + "', push " + std::to_string(seen.push_number) +
                 ", place " + std::string(FailurePlaceName(seen.place)) + ", thread '" +
                 seen.thread + "'; expected op '" + expected.op + "', push " +
                 std::to_string(expected.number) + ", place " +
                 std::string(FailurePlaceName(expected.place)));
}

void JudgeOutcome(const Case& c, const std::vector<Pushed>& order, const Expectation& expect) {
  for (size_t i = 0; i < order.size(); ++i)
    if (!order[i].deletes) JudgeFate(c, order[i], expect.ops[i], expect);
  for (size_t i = 0; i < order.size(); ++i) JudgeValuesRead(c, order[i], expect.ops[i]);
  for (size_t i = 0; i < expect.versions.size(); ++i) {
    const VarSeen& seen = c.history.final_vars[i];
    const int instance = static_cast<int>(i);
    const Version& last = expect.versions[i].back();
    if (last.value == kTombstone) {
      if (seen.code != StatusCode::kStaleHandle || seen.caught.code != StatusCode::kStaleHandle)
        c.Report("ENG-8", "no stale handle",
                 "a wait on a deleted var answered " + std::string(StatusCodeName(seen.code)) +
                     " and " + seen.caught.ToText());
      continue;
    }
    if (seen.code != StatusCode::kOk) {
      c.Report("ENG-8", "refused a live handle",
               "a wait on a live var answered " + std::string(StatusCodeName(seen.code)));
      continue;
    }
    JudgePoison(c, instance, seen, expect);
    JudgeThrown(c, instance, seen, expect);
    if (seen.value != last.value)
      c.Report(last.failures.empty() ? "ENG-1" : "ERR-2", "wrong value at the end",
               "var number " + std::to_string(i) +
                   " does not hold what the last write of it gives in push order");
  }
  JudgeCounts(c, expect);
}

void JudgeLeftovers(const Case& c) {
  const auto check = [&](const char* kind, int64_t left) {
    if (left != 0) c.Report("ENG-5", kind, std::to_string(left) + " are left");
  };
  check("bodies outlive their ops", c.history.sync_bodies_left);
  check("bodies outlive the engine", c.history.bodies_left);
  check("exceptions outlive the engine", c.history.exceptions_left);
}

}  // namespace tenter::fuzz
