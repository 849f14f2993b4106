// Engine programs: threads push random ops over shared vars; values, poison, order and wait
// results are compared with the same program executed one op at a time in push order.
#include <algorithm>
#include <deque>
#include <optional>
#include <stdexcept>

#include "harness/checks/process_census.h"
#include "harness/workloads/handles.h"
#include "harness/workloads/program.h"
#include "harness/workloads/start_gate.h"
#include "harness/workloads/workload.h"
#include "runtime/base/atomic.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

// Ends async ops from a thread of its own, in the order in which they ask for it.
class Completer {
 public:
  using Job = std::function<void()>;
  Status Start() {
    return thread_.Start("completer", [this] {
      while (const std::optional<Job> job = Take()) (*job)();
    });
  }
  ~Completer() {
    {
      MutexLock lock(mutex_);
      closing_ = true;
      changed_.NotifyAll();
    }
    thread_.Join();
  }
  void Add(Job job) {
    MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.NotifyOne();
  }

 private:
  std::optional<Job> Take() {
    MutexLock lock(mutex_);
    while (jobs_.empty() && !closing_) changed_.Wait(mutex_);
    if (jobs_.empty()) return std::nullopt;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  bool closing_ GUARDED_BY(mutex_) = false;
  Thread thread_;
};

class ProgramRun {
 public:
  explicit ProgramRun(Stage& stage) : stage_(stage), table_(stage.target.table()) {
    const Parameters& p = stage.parameters;
    options_ = {.threads = p.Int("threads"),
                .ops_per_thread = p.Int("ops_per_thread"),
                .vars = p.Int("vars"),
                .fail_percent = p.Number("fail_percent"),
                .async_percent = p.Number("async_percent"),
                .drop_percent = p.Number("drop_percent"),
                .duplicate_percent = p.Number("duplicate_percent"),
                .seed = stage.seed};
  }

  Status Run() {
    const Parameters& p = stage_.parameters;
    if (p.Int("workers") == 0 && options_.async_percent > 0 && options_.threads > 1)
      stage_.board.NoPower(kLiveness, "the naive engine waits for each async op inside its push");
    program_ = GenerateProgram(options_);
    const ProcessCensus census = ProcessCensus::Now();
    {
      tgt_error error = {};
      Handle engine(&stage_.target, &stage_.board);
      const tgt_engine_options engine_options{static_cast<int32_t>(p.Int("workers")),
                                              p.Flag("run_dependents") ? 1 : 0};
      TENTER_RETURN_IF_ERROR(
          SetUp(table_.engine_create(stage_.target.self(), &engine_options, engine.out(), &error),
                error, "engine"));
      engine_ = engine.get();
      stage_.progress.SetDescribe([this] { return Describe(); });
      TENTER_RETURN_IF_ERROR(RunOn());
      stage_.progress.SetDescribe(nullptr);
    }
    CheckCensus(census, &stage_.board);
    return {};
  }

 private:
  // What an op's callbacks get.
  struct Bound {
    ProgramRun* run;
    ProgramOp* op;
  };

  Status RunOn() {
    values_.assign(options_.vars, 0);
    for (int64_t i = 0; i < options_.vars; ++i) {
      tgt_var var = {};
      tgt_error error = {};
      TENTER_RETURN_IF_ERROR(
          SetUp(table_.var_create(stage_.target.self(), engine_, &var, &error), error, "var"));
      vars_.push_back(var);
    }
    const int64_t ops = options_.threads * options_.ops_per_thread;
    stage_.progress.Begin("ops", static_cast<uint64_t>(ops));
    stage_.injector.Arm();
    {
      Completer completer;
      TENTER_RETURN_IF_ERROR(completer.Start());
      completer_ = &completer;
      PushFromAllThreads();
      ReadOutcome();
    }
    CheckAll();
    stage_.board.Expose("threads", options_.threads);
    stage_.board.Expose("ops", ops);
    return {};
  }

  void PushFromAllThreads() {
    StartGate gate;
    std::vector<Thread> pushers(options_.threads);
    for (int64_t t = 0; t < options_.threads; ++t) {
      const Status started = pushers[t].Start("pusher-" + std::to_string(t), [this, t, &gate] {
        gate.Wait();
        PushLoop(t);
      });
      if (!started.ok()) stage_.board.NoPower(kDependencyOrder, started.message());
    }
    gate.Open();
    for (Thread& pusher : pushers) pusher.Join();
  }

  void PushLoop(int64_t thread) {
    Rng rng(CombineHash(stage_.seed, 1000 + static_cast<uint64_t>(thread)));
    const double wait_percent = stage_.parameters.Number("wait_percent");
    const double churn_percent = stage_.parameters.Number("churn_percent");
    for (ProgramOp& op : program_[thread]) {
      Push(&op);
      if (rng.Chance(wait_percent)) WaitSomewhere(static_cast<uint32_t>(rng.Below(vars_.size())));
      if (rng.Chance(churn_percent)) ChurnVar();
      stage_.progress.Step();
    }
  }

  void Push(ProgramOp* op) {
    std::vector<tgt_var> reads, writes;
    for (const uint32_t var : op->reads) reads.push_back(vars_[var]);
    for (const uint32_t var : op->writes) writes.push_back(vars_[var]);
    tgt_op t = {};
    t.name = op->name.c_str();
    t.reads = reads.data();
    t.read_count = reads.size();
    t.writes = writes.data();
    t.write_count = writes.size();
    if (op->async)
      t.run_async = RunAsync;
    else
      t.run = RunSync;
    t.arg = new Bound{this, op};
    t.release = [](void* arg) { delete static_cast<Bound*>(arg); };
    tgt_error error = {};
    if (table_.push(stage_.target.self(), engine_, &t, &op->push_number, &error) == TGT_OK) return;
    // Refused: nothing was enqueued (ERR-10), so the program goes on without it. Only a fault may
    // be the reason.
    op->push_number = 0;
    refused_.FetchAdd(1, kRelaxed);
    if (error.code != TGT_RESOURCE_EXHAUSTED || !stage_.injector.has_failures())
      stage_.board.Report({.check = &kErrorExactness,
                           .what = "push refused",
                           .title = "a valid push was refused: " + ErrorText(error)});
  }

  // A wait in the middle of the program: its outcome depends on what the others push, its return
  // does not.
  void WaitSomewhere(uint32_t var) {
    tgt_failure failure = {};
    tgt_error error = {};
    static_cast<void>(
        table_.wait_for_var(stage_.target.self(), engine_, vars_[var], &failure, &error));
    stage_.board.Examine(kLiveness);
  }

  // A var that lives for one op: created, written, deleted, and then stale (ENG-8).
  void ChurnVar() {
    tgt_var var = {};
    tgt_error error = {};
    tgt_failure failure = {};
    if (table_.var_create(stage_.target.self(), engine_, &var, &error) != TGT_OK ||
        table_.var_delete(stage_.target.self(), engine_, var, &error) != TGT_OK)
      return stage_.board.Report(
          {.check = &kLife,
           .what = "var churn failed",
           .title = "a var could not be created and deleted: " + ErrorText(error)});
    stage_.board.Examine(kLife);
    if (table_.wait_for_var(stage_.target.self(), engine_, var, &failure, &error) !=
        TGT_STALE_HANDLE)
      stage_.board.Report({.check = &kLife,
                           .what = "stale var accepted",
                           .title = "a wait for a deleted var was not refused as stale"});
  }

  // The body: read, compute, write, and stamp both ends.
  void Execute(ProgramOp* op) {
    op->begin = stamps_.FetchAdd(1, kRelaxed) + 1;
    std::vector<int64_t> reads;
    std::vector<uint32_t> distinct = op->reads;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    for (const uint32_t var : distinct) reads.push_back(values_[var]);
    const int64_t value = OpValue(op->name, reads);
    if (!op->throws)
      for (const uint32_t var : op->writes) values_[var] = value;
    op->end = stamps_.FetchAdd(1, kRelaxed) + 1;
  }

  static tgt_code RunSync(void* arg, const tgt_op_context*, tgt_error*) {
    const Bound& bound = *static_cast<Bound*>(arg);
    bound.run->Execute(bound.op);
    if (bound.op->throws) throw std::runtime_error("planned failure of " + bound.op->name);
    return TGT_OK;
  }

  static void RunAsync(void* arg, const tgt_op_context*, tgt_completion* completion) {
    const Bound& bound = *static_cast<Bound*>(arg);
    ProgramRun* run = bound.run;
    ProgramOp* op = bound.op;
    run->completer_->Add([run, op, completion] {
      run->Execute(op);
      const std::string message = "planned failure of " + op->name;
      run->table_.completion_end(run->stage_.target.self(), completion,
                                 op->throws  ? TGT_COMPLETION_FAIL
                                 : op->drops ? TGT_COMPLETION_DROP
                                             : TGT_COMPLETION_DONE,
                                 message.c_str());
    });
  }

  // Waits for every var, then for everything, twice: what each wait says is part of the outcome.
  void ReadOutcome() {
    for (int wait = 0; wait < 2; ++wait)
      for (size_t v = 0; v < vars_.size(); ++v) {
        tgt_failure failure = {};
        tgt_error error = {};
        const tgt_code code =
            table_.wait_for_var(stage_.target.self(), engine_, vars_[v], &failure, &error);
        seen_[wait].push_back({code, failure, error});
      }
    for (int wait = 0; wait < 2; ++wait) {
      tgt_error error = {};
      size_t count = 0;
      std::vector<tgt_failure> failures(FailuresAtMost());
      if (table_.wait_for_all(stage_.target.self(), engine_, failures.data(), failures.size(),
                              &count, &error) != TGT_OK)
        stage_.board.Report({.check = &kErrorExactness,
                             .what = "wait-all refused",
                             .title = "WaitForAll failed: " + ErrorText(error)});
      failures.resize(std::min(count, failures.size()));
      all_[wait] = std::move(failures);
    }
  }

  // More failures than ops that may fail would be a finding in itself; a few of them are enough
  // to tell.
  size_t FailuresAtMost() const {
    size_t count = stage_.injector.fired().size() + 16;
    for (const auto& pushes : program_)
      for (const ProgramOp& op : pushes) count += op.throws || op.drops;
    return count;
  }

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
    const Expectation expect =
        Expect(order, vars_.size(), stage_.parameters.Flag("run_dependents"), failed_by_fault);
    CheckOrder(order, vars_.size(), &stage_.board);
    if (refused_.Load(kRelaxed) == 0) CheckProgramOrder(program_, &stage_.board);
    CheckWhatRan(order, expect, failed_by_fault);
    CheckVars(expect);
    CheckRoots(expect);
    CheckCounts(order.size());
    stage_.board.Expose("failed_ops", static_cast<int64_t>(expect.roots.size()));
    stage_.board.Expose("skipped_ops", static_cast<int64_t>(order.size() - expect.ran.size()));
    if (stage_.injector.has_failures() && stage_.injector.fired().empty())
      stage_.board.NoPower(kErrorExactness, "no fault fired");
  }

  // ENG-5, ERR-3: exactly the ops that had to run have stamps (a fault may strike before the body
  // begins).
  void CheckWhatRan(const std::vector<const ProgramOp*>& order, const Expectation& expect,
                    const std::map<std::string, std::string>& failed_by_fault) {
    std::vector<const ProgramOp*> ran = expect.ran;
    size_t next = 0;
    for (const ProgramOp* op : order) {
      const bool must_run = next < ran.size() && ran[next] == op;
      if (must_run) ++next;
      if ((op->begin != 0) == must_run || (must_run && failed_by_fault.contains(op->name)))
        continue;
      stage_.board.Report(
          {.check = &kErrorExactness,
           .what = must_run ? "op did not run" : "op ran on poisoned input",
           .title = "'" + op->name + "' " +
                    (must_run ? "never ran although nothing that it reads had failed"
                              : "ran although something that it reads had failed")});
    }
  }

  void CheckVars(const Expectation& expect) {
    for (size_t v = 0; v < vars_.size(); ++v) {
      const VarOutcome& wanted = expect.vars[v];
      stage_.board.Examine(kErrorExactness);
      if (wanted.root == nullptr && values_[v] != wanted.value)
        stage_.board.Report({.check = &kDependencyOrder,
                             .what = "wrong value",
                             .title = "var " + std::to_string(v) + " holds " +
                                      std::to_string(values_[v]) + ", expected " +
                                      std::to_string(wanted.value)});
      for (int wait = 0; wait < 2; ++wait) CheckWait(v, wanted, expect, wait);
    }
  }

  // ERR-5 at each wait, under the rule that the target promises.
  void CheckWait(size_t v, const VarOutcome& wanted, const Expectation& expect, int wait) {
    const Seen& seen = seen_[wait][v];
    const bool must_fail =
        wanted.root != nullptr && (table_.error_rule == TGT_ERRORS_EVERY_WAIT ||
                                   (table_.error_rule == TGT_ERRORS_ONCE && wait == 0));
    const std::string who = "wait " + std::to_string(wait + 1) + " for var " + std::to_string(v);
    if (seen.code == TGT_OK) {
      if (must_fail)
        stage_.board.Report(
            {.check = &kErrorExactness,
             .what = "lost error at a wait",
             .title = who + " succeeded; it had to fail with '" + wanted.root->name + "'"});
      return;
    }
    if (!must_fail)
      return stage_.board.Report({.check = &kErrorExactness,
                                  .what = "error at the wrong waiter",
                                  .title = who + " failed although its var is healthy",
                                  .detail = ErrorText(seen.error)});
    const std::string& message = expect.message_of_failed.at(wanted.root->name);
    if (seen.failure.op == wanted.root->name &&
        std::string(seen.error.message).find(message) != std::string::npos)
      return;
    stage_.board.Report(
        {.check = &kErrorExactness,
         .what = "wrong root at a wait",
         .title =
             who + " reports '" + seen.failure.op + "', the root is '" + wanted.root->name + "'",
         .detail = ErrorText(seen.error) + "\nexpected a message with: " + message});
  }

  // ERR-6: every root once, in order, at the first WaitForAll; nothing at the second. ERR-9: so
  // with each deleter that threw.
  void CheckRoots(const Expectation& expect) {
    stage_.board.Examine(kErrorExactness, expect.roots.size());
    if (!all_[1].empty())
      Report(kErrorExactness, "wait-all reports twice",
             "a second WaitForAll reported '" + std::string(all_[1][0].op) + "' again");
    std::vector<std::string> found, wanted;
    int64_t deleters = 0;
    for (const tgt_failure& failure : all_[0]) {
      if (std::string(failure.place) == "deleter")
        ++deleters;
      else
        found.emplace_back(failure.op);
    }
    for (const ProgramOp* root : expect.roots) wanted.push_back(root->name);
    for (const FiredFault& fault : stage_.injector.fired())
      if (fault.site == "engine.var.deleter" && fault.fails()) --deleters;
    if (deleters != 0)
      Report(kErrorExactness, "failures of deleters are not exact",
             "WaitForAll reported " + std::to_string(deleters) +
                 " more failures of deleters than "
                 "faults fired there");
    const auto [f, w] = std::mismatch(found.begin(), found.end(), wanted.begin(), wanted.end());
    if (f == found.end() && w == wanted.end()) return;
    Report(kErrorExactness, "wait-all is not exact",
           "failure " + std::to_string(f - found.begin() + 1) + " of WaitForAll is '" +
               (f == found.end() ? "nothing" : *f) + "', expected '" +
               (w == wanted.end() ? "nothing" : *w) + "'");
  }

  void Report(const CheckType& check, const char* what, std::string title) {
    stage_.board.Report({.check = &check, .what = what, .title = std::move(title)});
  }

  // ENG-5: everything that was pushed has ended, once.
  void CheckCounts(size_t pushed) {
    tgt_engine_counts counts = {};
    tgt_error error = {};
    if (table_.engine_counts(stage_.target.self(), engine_, &counts, &error) != TGT_OK) return;
    stage_.board.Examine(kLeak);
    stage_.board.Expose("skipped", static_cast<int64_t>(counts.skipped));
    if (counts.live_ops == 0 && counts.ran + counts.skipped + counts.cancelled == counts.pushed &&
        counts.pushed >= pushed && counts.live_vars == vars_.size())
      return;
    stage_.board.Report(
        {.check = &kLeak,
         .what = "op or var counts do not add up",
         .title = "the engine's counts do not add up after everything was waited for",
         .evidence = {{"pushed", std::to_string(counts.pushed)},
                      {"ran", std::to_string(counts.ran)},
                      {"skipped", std::to_string(counts.skipped)},
                      {"cancelled", std::to_string(counts.cancelled)},
                      {"live_ops", std::to_string(counts.live_ops)},
                      {"live_vars", std::to_string(counts.live_vars)}}});
  }

  std::string Describe() {
    std::vector<char> text(1 << 16);
    tgt_error error = {};
    return table_.engine_describe(stage_.target.self(), engine_, text.data(), text.size(),
                                  &error) == TGT_OK
               ? text.data()
               : "";
  }

  struct Seen {
    tgt_code code;
    tgt_failure failure;
    tgt_error error;
  };
  Stage& stage_;
  const tgt_target& table_;
  ProgramOptions options_;
  tgt_handle engine_ = 0;
  std::vector<std::vector<ProgramOp>> program_;
  std::vector<tgt_var> vars_;
  std::vector<int64_t> values_;  // guarded by the engine under test, and by nothing else
  Completer* completer_ = nullptr;
  Atomic<int64_t> stamps_ = 0;  // only counts: the engine must order the ops that draw from it
  Atomic<int64_t> refused_ = 0;
  std::vector<Seen> seen_[2];
  std::vector<tgt_failure> all_[2];
};

Status RunEngineProgram(Stage& stage) { return ProgramRun(stage).Run(); }

}  // namespace

WorkloadType EngineProgram() {
  return {
      .kind = "engine_program",
      .meaning = "threads push random ops over shared vars, with a computed expectation",
      .groups = TGT_ENGINE,
      .parameters = {{"threads", int64_t{8}, "threads that push at the same time", 1},
                     {"ops_per_thread", int64_t{1000}, "pushes of each thread", 1},
                     {"vars", int64_t{64}, "vars that they share", 1},
                     {"workers", int64_t{2}, "workers of the engine; 0 is the naive engine"},
                     {"fail_percent", 0.0, "ops whose body fails"},
                     {"async_percent", 0.0, "ops that complete later, from another thread"},
                     {"drop_percent", 0.0, "async ops whose completion is dropped"},
                     {"duplicate_percent", 5.0, "ops that name a var twice and in both sets"},
                     {"wait_percent", 0.1, "pushes after which the thread waits for some var"},
                     {"churn_percent", 1.0,
                      "pushes after which the thread creates and deletes a var"},
                     {"run_dependents", false, "the other error policy (ERR-8)"}},
      .checks = {"dependency_order", "error_exactness", "leak", "liveness", "life", "data_race"},
      .run = RunEngineProgram};
}

}  // namespace tenter
