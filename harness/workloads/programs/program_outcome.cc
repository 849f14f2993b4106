#include "harness/workloads/programs/program_outcome.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tenter {
namespace {

class OutcomeCheck {
 public:
  OutcomeCheck(Stage& stage, const std::vector<std::vector<ProgramOp>>& program,
               const ProgramOutcome& outcome)
      : stage_(stage), program_(program), outcome_(outcome) {}

  void CheckAll() {
    std::vector<const ProgramOp*> order;
    for (const auto& pushes : program_)
      for (const ProgramOp& op : pushes)
        if (op.push_number != 0) order.push_back(&op);
    std::sort(order.begin(), order.end(), [](const ProgramOp* a, const ProgramOp* b) {
      return a->push_number < b->push_number;
    });
    std::map<std::string, std::string> failed_by_fault;
    for (const FiredFault& fault : stage_.injector.fired())
      if (fault.fails() && !fault.op.empty() && fault.site != "engine.push.allocate" &&
          fault.site != "engine.var.deleter")
        failed_by_fault.emplace(fault.op, fault.expected_text());
    const Expectation expect = Expect(order, outcome_.values.size(),
                                      stage_.parameters.Flag("run_dependents"), failed_by_fault);
    CheckOrder(order, outcome_.values.size(), &stage_.board);
    if (!outcome_.pushes_refused) CheckProgramOrder(program_, &stage_.board);
    CheckWhatRan(order, expect, failed_by_fault);
    CheckVars(expect);
    CheckRoots(expect);
    CheckCounts(order.size());
    stage_.board.Expose("failed_ops", static_cast<int64_t>(expect.roots.size()));
    stage_.board.Expose("skipped_ops", static_cast<int64_t>(order.size() - expect.ran.size()));
    if (stage_.injector.has_failures() && stage_.injector.fired().empty())
      stage_.board.NoPower(kErrorExactness, "no fault fired");
  }

 private:
  // ENG-5, ERR-3: exactly the ops that had to run have stamps (a fault may strike before the body
  // begins).
  void CheckWhatRan(const std::vector<const ProgramOp*>& order, const Expectation& expect,
                    const std::map<std::string, std::string>& failed_by_fault) {
    const bool run_dependents = stage_.parameters.Flag("run_dependents");
    std::vector<const ProgramOp*> ran = expect.ran;
    size_t next = 0;
    for (const ProgramOp* op : order) {
      const bool must_run = next < ran.size() && ran[next] == op;
      if (must_run) ++next;
      if ((op->begin != 0) == must_run || (must_run && failed_by_fault.contains(op->name)))
        continue;
      stage_.board.Report(
          {.check = &kErrorExactness,
           .contract = !must_run        ? (AnyRootLost(expect) ? "ERR-1" : "ERR-3")
                       : run_dependents ? "ERR-8"
                                        : "ERR-2",
           .what = must_run ? "op did not run" : "op ran on poisoned input",
           .title = "'" + op->name + "' " +
                    (must_run ? "never ran although nothing that it reads had failed"
                              : "ran although something that it reads had failed")});
    }
  }

  // ERR-1: of a failure that no wait told of nobody knows that it was one, and its dependents run.
  bool AnyRootLost(const Expectation& expect) const {
    return std::any_of(expect.roots.begin(), expect.roots.end(), [this](const ProgramOp* root) {
      return std::none_of(
          outcome_.all_waits[0].begin(), outcome_.all_waits[0].end(),
          [root](const tgt_failure& told) { return told.place[0] == 0 || told.op == root->name; });
    });
  }

  void CheckVars(const Expectation& expect) {
    for (size_t v = 0; v < outcome_.values.size(); ++v) {
      const VarOutcome& wanted = expect.vars[v];
      stage_.board.Examine(kErrorExactness);
      if (wanted.root == nullptr && outcome_.values[v] != wanted.value)
        stage_.board.Report({.check = &kDependencyOrder,
                             .contract = "ENG-1",
                             .what = "wrong value",
                             .title = "var " + std::to_string(v) + " holds " +
                                      std::to_string(outcome_.values[v]) + ", expected " +
                                      std::to_string(wanted.value)});
      for (int wait = 0; wait < 2; ++wait) CheckWait(v, wanted, expect, wait);
    }
  }

  // ERR-5 at each wait, under the rule that the target promises.
  void CheckWait(size_t v, const VarOutcome& wanted, const Expectation& expect, int wait) {
    const ObservedWait& seen = outcome_.var_waits[wait][v];
    const bool must_fail = wanted.root != nullptr &&
                           (stage_.target.table().error_rule == TGT_ERRORS_EVERY_WAIT ||
                            (stage_.target.table().error_rule == TGT_ERRORS_ONCE && wait == 0));
    const std::string who = "wait " + std::to_string(wait + 1) + " for var " + std::to_string(v);
    if (seen.code == TGT_OK) {
      if (must_fail)
        stage_.board.Report(
            {.check = &kErrorExactness,
             .contract = "ERR-5",
             .what = "lost error at a wait",
             .title = who + " succeeded; it had to fail with '" + wanted.root->name + "'"});
      return;
    }
    if (!must_fail)
      return stage_.board.Report({.check = &kErrorExactness,
                                  .contract = "ERR-2",
                                  .what = "error at the wrong waiter",
                                  .title = who + " failed although its var is healthy",
                                  .detail = ErrorText(seen.error)});
    const std::string& message = expect.message_of_failed.at(wanted.root->name);
    if (seen.failure.op == wanted.root->name &&
        std::string(seen.error.message).find(message) != std::string::npos)
      return;
    stage_.board.Report(
        {.check = &kErrorExactness,
         .contract = "ERR-3",
         .what = "wrong root at a wait",
         .title =
             who + " reports '" + seen.failure.op + "', the root is '" + wanted.root->name + "'",
         .detail = ErrorText(seen.error) + "\nexpected a message with: " + message});
  }

  // ERR-6: every root once, in order, at the first WaitForAll; nothing at the second. ERR-9: so
  // with each deleter that threw. Of more than a thousand failures those behind may be told of by
  // their number alone.
  void CheckRoots(const Expectation& expect) {
    constexpr size_t kDetailed = 1000;
    stage_.board.Examine(kErrorExactness, expect.roots.size());
    if (!outcome_.all_waits[1].empty())
      Report(
          kErrorExactness, "ERR-6", "wait-all reports twice",
          "a second WaitForAll reported '" + std::string(outcome_.all_waits[1][0].op) + "' again");
    std::vector<std::string> found, wanted;
    size_t by_number = 0;
    int64_t deleters = 0;
    for (const tgt_failure& failure : outcome_.all_waits[0]) {
      if (failure.place[0] == 0)
        ++by_number;
      else if (std::string(failure.place) == "deleter")
        ++deleters;
      else
        found.emplace_back(failure.op);
    }
    for (const ProgramOp* root : expect.roots) wanted.push_back(root->name);
    for (const FiredFault& fault : stage_.injector.fired())
      if (fault.site == "engine.var.deleter" && fault.fails()) --deleters;
    if (by_number > 0 && outcome_.all_waits[0].size() - by_number >= kDetailed) {
      // Roots and deleters that are not told apart: the sum of both must be right.
      const int64_t roots_missing =
          static_cast<int64_t>(wanted.size()) - static_cast<int64_t>(found.size());
      deleters += static_cast<int64_t>(by_number) - roots_missing;
      if (roots_missing > 0) wanted.resize(found.size());
    }
    if (deleters != 0)
      Report(kErrorExactness, "ERR-9", "failures of deleters are not exact",
             "WaitForAll reported " + std::to_string(deleters) +
                 " more failures of deleters than faults fired there");
    const auto [f, w] = std::mismatch(found.begin(), found.end(), wanted.begin(), wanted.end());
    if (f == found.end() && w == wanted.end()) return;
    Report(kErrorExactness, "ERR-6", "wait-all is not exact",
           "failure " + std::to_string(f - found.begin() + 1) + " of WaitForAll is '" +
               (f == found.end() ? "nothing" : *f) + "', expected '" +
               (w == wanted.end() ? "nothing" : *w) + "'");
  }

  void Report(const CheckType& check, std::string_view contract, const char* what,
              std::string title) {
    stage_.board.Report(
        {.check = &check, .contract = contract, .what = what, .title = std::move(title)});
  }

  // ENG-5: everything that was pushed has ended, once.
  void CheckCounts(size_t pushed) {
    const tgt_engine_counts& counts = outcome_.counts;
    if (!outcome_.has_counts) return;
    stage_.board.Examine(kLeak);
    if (counts.live_ops == 0 && counts.ran + counts.skipped + counts.cancelled == counts.pushed &&
        counts.pushed >= pushed && counts.live_vars == outcome_.values.size())
      return;
    stage_.board.Report(
        {.check = &kLeak,
         .contract = "ENG-5",
         .what = "op or var counts do not add up",
         .title = "the engine's counts do not add up after everything was waited for",
         .evidence = {{"pushed", std::to_string(counts.pushed)},
                      {"ran", std::to_string(counts.ran)},
                      {"skipped", std::to_string(counts.skipped)},
                      {"cancelled", std::to_string(counts.cancelled)},
                      {"live_ops", std::to_string(counts.live_ops)},
                      {"live_vars", std::to_string(counts.live_vars)}}});
  }

  Stage& stage_;
  const std::vector<std::vector<ProgramOp>>& program_;
  const ProgramOutcome& outcome_;
};

}  // namespace

void CheckOutcome(Stage& stage, const std::vector<std::vector<ProgramOp>>& program,
                  const ProgramOutcome& outcome) {
  OutcomeCheck(stage, program, outcome).CheckAll();
}

}  // namespace tenter
