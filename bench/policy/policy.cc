#include "bench/policy/policy.h"

#include <memory>
#include <stdexcept>
#include <utility>

#include "bench/policy/policy_model.h"
#include "bench/program/push_op.h"
#include "bench/program/work.h"
#include "runtime/base/clock.h"
#include "runtime/base/rng.h"

namespace tenter::bench {
namespace {

// What an op that is meant to fail throws, after its work.
struct PlannedFailure : std::runtime_error {
  PlannedFailure() : std::runtime_error("planned") {}
};

constexpr int kWakingOps = 200;

// Engines with one of the policies, and what was measured on it.
class PolicyEngine {
 public:
  PolicyEngine(ErrorPolicy policy, const PolicyCase& one, const Options& options)
      : policy_(policy),
        program_(*one.program),
        workers_(static_cast<int>(options.workers)),
        work_(one.task_ns),
        row_{.workload = one.shape,
             .parameters = {{"fault_percent", one.fault_percent},
                            {"task_ns", static_cast<double>(one.task_ns)}},
             .contender = policy == ErrorPolicy::kSkipDependents ? "skip" : "run",
             .ops = program_.size()} {}

  // One repetition on a fresh engine, adding to the row unless it is the warm-up. Fresh, because
  // one engine can stay fast or slow for its whole life, depending on where the system placed its
  // threads, and that must not be taken for a property of the policy.
  void Run(const std::vector<bool>& fails, bool warm_up) {
    engine_ = MakeEngine({.workers = workers_, .error_policy = policy_});
    MakeVars();
    WakeWorkers();
    const EngineCounts before = engine_->counts();
    const int64_t start = NowNs();
    for (size_t op = 0; op < program_.size(); ++op) Push(op, fails[op]);
    const int64_t pushed = NowNs();
    const size_t reported = WaitForAll();
    const int64_t complete = NowNs();
    const EngineCounts after = engine_->counts();
    const Expectation expected = Expect(program_, fails, policy_);
    Check("ops ran", after.ran - before.ran, expected.ran);
    Check("ops failed", after.failed - before.failed, expected.failed);
    Check("ops skipped", after.skipped - before.skipped, expected.skipped);
    Check("ops reported", reported, expected.failed);
    CheckRoots(before.pushed, expected);
    if (!warm_up) Record(start, pushed, complete, expected);
    vars_.clear();
    accesses_.clear();
    engine_.reset();
  }

  Row TakeRow() { return std::move(row_); }

 private:
  void MakeVars() {
    for (uint32_t i = 0; i < program_.variables(); ++i) vars_.push_back(engine_->NewVar().value());
    for (const uint32_t var : program_.accesses()) accesses_.push_back(vars_[var]);
  }

  void WakeWorkers() {
    for (int i = 0; i < kWakingOps; ++i) PushOp(*engine_, {}, {}, [](const OpContext&) {});
    engine_->WaitForAll();
  }

  void Push(size_t op, bool fails) {
    const std::span<const Var> all(accesses_);
    const size_t begin = program_.begin(op), middle = program_.middle(op);
    PushOp(*engine_, all.subspan(begin, middle - begin),
           all.subspan(middle, program_.end(op) - middle),
           [work = &work_, fails](const OpContext&) {
             work->Run();
             if (fails) throw PlannedFailure();
           });
  }

  // The number of root failures that it reported.
  size_t WaitForAll() {
    try {
      engine_->WaitForAll();
    } catch (const AggregateError& error) {
      return error.failures().size();
    }
    return 0;
  }

  // Every variable is poisoned by the failure that the contracts name, or by none.
  void CheckRoots(uint64_t pushed_before, const Expectation& expected) {
    for (size_t i = 0; i < vars_.size(); ++i) {
      const PoisonPtr poison = engine_->AwaitVar(vars_[i]).value();
      const uint64_t root = poison == nullptr ? 0 : poison->root()->push_number();
      const bool healthy = expected.roots[i] == Expectation::kHealthy;
      Check("is the root of a variable", root, healthy ? 0 : pushed_before + 1 + expected.roots[i]);
    }
  }

  void Check(const std::string& what, uint64_t measured, uint64_t expected) const {
    if (measured == expected) return;
    throw StatusError({StatusCode::kInternal, row_.workload + " under " + row_.contender + ": " +
                                                  std::to_string(measured) + " ops " + what +
                                                  ", and the contract says " +
                                                  std::to_string(expected)});
  }

  void Record(int64_t start, int64_t pushed, int64_t complete, const Expectation& seen) {
    row_.executed += seen.ran;
    const std::pair<const char*, double> values[] = {
        {"push_ns", static_cast<double>(pushed - start)},
        {"complete_ns", static_cast<double>(complete - pushed)},
        {"ran", static_cast<double>(seen.ran)},
        {"failed", static_cast<double>(seen.failed)},
        {"skipped", static_cast<double>(seen.skipped)},
        {"wasted", static_cast<double>(seen.wasted)},
        {"poisoned_vars", static_cast<double>(seen.poisoned_vars)}};
    for (const auto& [name, value] : values) row_.series[name].push_back(value);
  }

  const ErrorPolicy policy_;
  const Program& program_;
  const int workers_;
  std::unique_ptr<Engine> engine_;
  Work work_;
  Row row_;
  std::vector<Var> vars_;
  std::vector<Var> accesses_;  // as Program::accesses()
};

std::vector<bool> Draw(const PolicyCase& one, uint64_t repeat) {
  Rng rng(CombineHash(HashBytes(one.shape), repeat));
  std::vector<bool> fails(one.program->size());
  for (size_t op = 0; op < fails.size(); ++op) fails[op] = rng.Chance(one.fault_percent);
  return fails;
}

}  // namespace

std::vector<Row> MeasurePolicies(const PolicyCase& one, const Options& options) {
  PolicyEngine skip(ErrorPolicy::kSkipDependents, one, options);
  PolicyEngine run(ErrorPolicy::kRunDependents, one, options);
  for (uint64_t repeat = 0; repeat <= options.repeats; ++repeat) {
    const std::vector<bool> fails = Draw(one, repeat);
    PolicyEngine& first = repeat % 2 == 0 ? skip : run;
    PolicyEngine& second = repeat % 2 == 0 ? run : skip;
    first.Run(fails, repeat == 0);
    second.Run(fails, repeat == 0);
  }
  std::vector<Row> rows;
  rows.push_back(skip.TakeRow());
  rows.push_back(run.TakeRow());
  return rows;
}

}  // namespace tenter::bench
