#include "harness/workloads/programs/program.h"

#include <algorithm>
#include <set>

#include "runtime/base/rng.h"

namespace tenter {
namespace {

std::set<uint32_t> Distinct(const std::vector<uint32_t>& vars) {
  return {vars.begin(), vars.end()};
}

ProgramOp GenerateOp(Rng& rng, const ProgramOptions& options, std::string name) {
  ProgramOp op;
  op.name = std::move(name);
  const auto vars = static_cast<uint64_t>(options.vars);
  // Every other op reads nothing. Plain writes heal: without them one failure would soon poison
  // every var, and most bodies would never run.
  for (uint64_t n = rng.Below(2) * (1 + rng.Below(3)); n > 0; --n)
    op.reads.push_back(static_cast<uint32_t>(rng.Below(vars)));
  for (uint64_t n = 1 + rng.Below(2); n > 0; --n)
    op.writes.push_back(static_cast<uint32_t>(rng.Below(vars)));
  if (rng.Chance(options.duplicate_percent)) {
    // In both sets and twice in each: everything that ENG-4 promises to collapse.
    op.reads.push_back(op.writes[0]);
    op.reads.push_back(op.writes[0]);
    op.writes.push_back(op.writes[0]);
  }
  op.throws = rng.Chance(options.fail_percent);
  op.async = rng.Chance(options.async_percent);
  op.drops = op.async && rng.Chance(options.drop_percent);
  return op;
}

// What one var still remembers of the ops before: the last write, and the latest end of the reads
// since.
struct VarHistory {
  const ProgramOp* write = nullptr;
  const ProgramOp* read_latest = nullptr;
};

void ReportOverlap(const ProgramOp& first, const ProgramOp& second, uint32_t var,
                   CheckBoard* board) {
  board->Report({.check = &kDependencyOrder,
                 .contract = "ENG-1",
                 .what = "conflicting ops overlap",
                 .title = "'" + second.name + "' began before '" + first.name +
                          "' had ended, on var " + std::to_string(var),
                 .detail = "'" + first.name + "' was push " + std::to_string(first.push_number) +
                           " and ran from stamp " + std::to_string(first.begin) + " to " +
                           std::to_string(first.end) + ".\n'" + second.name + "' was push " +
                           std::to_string(second.push_number) + " and began at stamp " +
                           std::to_string(second.begin) +
                           ". At least one of them writes the var."});
}

}  // namespace

std::vector<std::vector<ProgramOp>> GenerateProgram(const ProgramOptions& options) {
  std::vector<std::vector<ProgramOp>> program(options.threads);
  for (int64_t t = 0; t < options.threads; ++t) {
    Rng rng(CombineHash(options.seed, static_cast<uint64_t>(t)));
    program[t].reserve(options.ops_per_thread);
    for (int64_t i = 0; i < options.ops_per_thread; ++i)
      program[t].push_back(
          GenerateOp(rng, options, "t" + std::to_string(t) + "." + std::to_string(i)));
  }
  return program;
}

int64_t OpValue(const std::string& name, const std::vector<int64_t>& reads) {
  uint64_t hash = HashBytes(name);
  for (const int64_t value : reads) hash = CombineHash(hash, static_cast<uint64_t>(value));
  return static_cast<int64_t>(hash >> 1);
}

Expectation Expect(const std::vector<const ProgramOp*>& in_push_order, size_t vars,
                   bool run_dependents, const std::map<std::string, std::string>& failed_by_fault) {
  Expectation expect;
  expect.vars.resize(vars);
  for (const ProgramOp* op : in_push_order) {
    const std::set<uint32_t> reads = Distinct(op->reads);
    const ProgramOp* root = nullptr;
    std::vector<int64_t> values;
    for (const uint32_t var : reads) {
      const VarOutcome& in = expect.vars[var];
      values.push_back(in.value);
      if (in.root != nullptr && (root == nullptr || in.root->push_number < root->push_number))
        root = in.root;
    }
    const bool runs = root == nullptr || run_dependents;
    const auto fault = failed_by_fault.find(op->name);
    if (runs) expect.ran.push_back(op);
    if (runs && (op->throws || op->drops || fault != failed_by_fault.end())) {
      expect.roots.push_back(op);
      // A fault strikes before the body's first statement, or at its completion: the body's own
      // throw beats the latter.
      expect.message_of_failed[op->name] = fault != failed_by_fault.end() ? fault->second
                                           : op->throws ? "planned failure of " + op->name
                                                        : "completion dropped";
      if (root == nullptr) root = op;
    }
    const int64_t value = OpValue(op->name, values);
    for (const uint32_t var : Distinct(op->writes)) {
      expect.vars[var].root = root;
      if (root == nullptr) expect.vars[var].value = value;
    }
  }
  return expect;
}

void CheckOrder(const std::vector<const ProgramOp*>& in_push_order, size_t vars,
                CheckBoard* board) {
  std::vector<VarHistory> history(vars);
  for (const ProgramOp* op : in_push_order) {
    if (op->begin == 0) continue;
    board->Examine(kDependencyOrder);
    const std::set<uint32_t> writes = Distinct(op->writes);
    for (const uint32_t var : Distinct(op->reads)) {
      VarHistory& past = history[var];
      if (past.write != nullptr && past.write->end > op->begin)
        ReportOverlap(*past.write, *op, var, board);
      if (!writes.contains(var) && (past.read_latest == nullptr || past.read_latest->end < op->end))
        past.read_latest = op;
    }
    for (const uint32_t var : writes) {
      VarHistory& past = history[var];
      if (past.write != nullptr && past.write->end > op->begin)
        ReportOverlap(*past.write, *op, var, board);
      if (past.read_latest != nullptr && past.read_latest->end > op->begin)
        ReportOverlap(*past.read_latest, *op, var, board);
      past = {.write = op};
    }
  }
}

void CheckProgramOrder(const std::vector<std::vector<ProgramOp>>& program, CheckBoard* board) {
  for (const auto& pushes : program)
    for (size_t i = 1; i < pushes.size(); ++i)
      if (pushes[i].push_number <= pushes[i - 1].push_number)
        board->Report({.check = &kDependencyOrder,
                       .contract = "ENG-3",
                       .what = "push numbers of one thread fall",
                       .title = "'" + pushes[i].name + "' got push number " +
                                std::to_string(pushes[i].push_number) + " after " +
                                std::to_string(pushes[i - 1].push_number)});
}

}  // namespace tenter
