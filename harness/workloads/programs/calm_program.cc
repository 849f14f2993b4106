#include "harness/workloads/programs/calm_program.h"

#include <utility>

#include "harness/workloads/hash_text.h"
#include "runtime/base/rng.h"

namespace tenter {
namespace {

constexpr uint64_t kSeed = 1;

void Report(Stage& stage, const CheckType& check, std::string_view contract, const char* what,
            std::string title) {
  stage.board.Report(
      {.check = &check, .contract = contract, .what = what, .title = std::move(title)});
}

void CheckWaits(Stage& stage, const ProgramOutcome& outcome) {
  for (const std::vector<ObservedWait>& waits : outcome.var_waits)
    for (size_t v = 0; v < waits.size(); ++v)
      if (waits[v].code != TGT_OK)
        Report(stage, kErrorExactness, "ERR-4", "failure in the aftermath",
               "a wait for var " + std::to_string(v) +
                   " failed after the faults had stopped: " + ErrorText(waits[v].error));
  for (const std::vector<tgt_failure>& failures : outcome.all_waits)
    if (!failures.empty())
      Report(stage, kErrorExactness, "ERR-6", "failure in the aftermath",
             "WaitForAll reported '" + std::string(failures[0].op) +
                 "' after the faults had stopped and all was waited for");
}

}  // namespace

std::vector<ProgramOp> CalmProgram(int64_t vars, int64_t ops) {
  std::vector<ProgramOp> program;
  for (int64_t v = 0; v < vars; ++v) {
    ProgramOp& op = program.emplace_back();
    op.name = "calm.write." + std::to_string(v);
    op.writes = {static_cast<uint32_t>(v)};
  }
  if (ops == 0) return program;
  const ProgramOptions options{
      .threads = 1, .ops_per_thread = ops, .vars = vars, .duplicate_percent = 5, .seed = kSeed};
  std::vector<std::vector<ProgramOp>> generated = GenerateProgram(options);
  for (ProgramOp& op : generated[0]) {
    op.name = "calm." + op.name;
    program.push_back(std::move(op));
  }
  return program;
}

void CheckCalm(Stage& stage, const std::vector<ProgramOp>& program, const ProgramOutcome& outcome) {
  std::vector<const ProgramOp*> order;
  for (const ProgramOp& op : program) {
    order.push_back(&op);
    if (op.push_number == 0 || op.begin == 0)
      Report(stage, kErrorExactness, op.push_number == 0 ? "ERR-10" : "ERR-2",
             "failure in the aftermath",
             "'" + op.name + "' " + (op.push_number == 0 ? "was refused" : "never ran") +
                 " after the faults had stopped");
  }
  const Expectation expect = Expect(order, outcome.values.size(), false, {});
  uint64_t hash = 0;
  for (size_t v = 0; v < outcome.values.size(); ++v) {
    stage.board.Examine(kErrorExactness);
    hash = CombineHash(hash, static_cast<uint64_t>(outcome.values[v]));
    if (outcome.values[v] != expect.vars[v].value)
      Report(stage, kDependencyOrder, "ENG-1", "wrong value in the aftermath",
             "var " + std::to_string(v) + " holds " + std::to_string(outcome.values[v]) +
                 ", expected " + std::to_string(expect.vars[v].value));
  }
  CheckWaits(stage, outcome);
  const tgt_engine_counts& counts = outcome.counts;
  if (outcome.has_counts && (counts.live_ops != 0 || counts.live_vars != outcome.values.size() ||
                             counts.ran + counts.skipped + counts.cancelled != counts.pushed))
    Report(stage, kLeak, "ENG-5", "op or var counts do not add up in the aftermath",
           "the engine's counts do not add up after everything was waited for again");
  stage.board.Tell("aftermath", HashText(hash));
}

}  // namespace tenter
