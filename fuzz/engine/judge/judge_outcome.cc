// Who ran, what was read, and the counts after everything has ended, against the sequential model.
#include <algorithm>

#include "fuzz/engine/judge/parts.h"
#include "fuzz/engine/program/to_text.h"
#include "fuzz/engine/program/values.h"

namespace tenter::fuzz {
namespace {

void JudgeFate(const Case& c, const Pushed& p, const ExpectedOp& expected,
               const Expectation& expect) {
  const bool ran = c.seen(p).runs > 0 || c.seen(p).raced || p.raced == FailurePlace::kDeadline;
  const std::string text = ToText(c.statement(p));
  if (ran == (expected.fate == Fate::kRan)) return;
  if (expected.fate == Fate::kRan && c.statement(p).ends == Ends::kHeld) return;  // writes nothing
  if (ran)
    return c.Report(IsUpdate(p) ? "ERR-4" : "ERR-3", "ran on a poisoned input",
                    text + " ran although an input is poisoned");
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
  const std::vector<int64_t>& read = c.seen(p).values_read;
  const bool gone = std::find(read.begin(), read.end(), kTombstone) != read.end();
  c.Report(gone          ? "ENG-8"
           : IsUpdate(p) ? "ENG-4"
                         : "ENG-1",
           "wrong value read",
           ToText(c.statement(p)) + " read a value that no run in push order gives it");
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
  const CrowdSeen& crowd = c.history.crowd;
  if (!crowd.cut_off)
    check("ENG-5", "ran", counts.ran,
          expect.ran + gate + c.history.programs_released + c.others_pushes());
  check("ERR-1", "failed", counts.failed, expect.failed);
  check("ERR-3", "skipped", counts.skipped, expect.skipped);
  check("ENG-9", "cancelled", counts.cancelled, expect.cancelled);
  check("ENG-5", "live ops", counts.live_ops, 0);
  if (crowd.cut_off) return;
  uint64_t live =
      c.history.programs_alive + static_cast<uint64_t>(SpareVars(c.program)) + crowd.vars_left;
  for (const std::vector<Version>& versions : expect.versions)
    live += versions.back().value != kTombstone;
  check("ENG-8", "live vars", counts.live_vars, live);
}

}  // namespace

void JudgeRuns(const Case& c, const std::vector<Pushed>& order, const Expectation& expect) {
  for (size_t i = 0; i < order.size(); ++i)
    if (!order[i].deletes) JudgeFate(c, order[i], expect.ops[i], expect);
  for (size_t i = 0; i < order.size(); ++i) JudgeValuesRead(c, order[i], expect.ops[i]);
}

void JudgeOutcome(const Case& c, const std::vector<Pushed>& order, const Expectation& expect) {
  JudgeRuns(c, order, expect);
  JudgeVars(c, expect);
  if (const CrowdSeen& crowd = c.history.crowd; !crowd.contract.empty())
    c.Report(crowd.contract, "a crowd saw it", "beside the program: " + crowd.wrong);
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
