// Engine programs: threads push random ops over shared vars; values, poison, order and wait
// results are compared with the same program executed one op at a time in push order.
#include <algorithm>
#include <stdexcept>

#include "harness/checks/process_census.h"
#include "harness/workloads/collisions.h"
#include "harness/workloads/handles.h"
#include "harness/workloads/programs/calm_program.h"
#include "harness/workloads/programs/completer.h"
#include "harness/workloads/programs/program.h"
#include "harness/workloads/programs/program_outcome.h"
#include "harness/workloads/workload.h"
#include "runtime/base/atomic.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

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
      Handle engine(stage_, kEngineHandle);
      TENTER_RETURN_IF_ERROR(Create(&engine));
      engine_ = engine.get();
      const Described described(&stage_.progress,
                                [this] { return DescribeEngine(stage_.target, engine_); });
      stage_.progress.SetSuspect(
          [this] { return ContractOfStandstill(program_, stage_.injector.has_failures()); });
      const Status ran = RunOn();
      stage_.progress.SetSuspect(nullptr);
      TENTER_RETURN_IF_ERROR(ran);
    }
    CheckCensus(census, "ENG-9", &stage_.board);
    return {};
  }

 private:
  // What an op's callbacks get.
  struct Bound {
    ProgramRun* run;
    ProgramOp* op;
  };

  // Armed, so that a fault may keep the engine from being made: it is refused with that fault's
  // error then, and is asked for again.
  Status Create(Handle* engine) {
    const Parameters& p = stage_.parameters;
    const tgt_engine_options options{static_cast<int32_t>(p.Int("workers")),
                                     p.Flag("run_dependents") ? 1 : 0};
    if (p.Int("aftermath") > 0) stage_.injector.FollowOrder();
    TENTER_RETURN_IF_ERROR(stage_.injector.Arm());
    tgt_error error = {};
    const tgt_code code =
        table_.engine_create(stage_.target.self(), &options, engine->out(), &error);
    CheckCreation(code);
    if (code == TGT_OK || !stage_.injector.Explains(error.message))
      return SetUp(code, error, "engine");
    return SetUp(table_.engine_create(stage_.target.self(), &options, engine->out(), &error), error,
                 "engine");
  }

  // ERR-10: an engine without one of its workers is none.
  void CheckCreation(tgt_code code) {
    for (const FiredFault& fault : stage_.injector.fired())
      if (fault.site == "engine.worker.start" && fault.fails() && code == TGT_OK)
        stage_.board.Report({.check = &kErrorExactness,
                             .contract = "ERR-10",
                             .what = "lost error at engine.worker.start",
                             .title = "a worker could not be started, and the engine was made"});
  }

  Status RunOn() {
    outcome_.values.assign(options_.vars, 0);
    for (int64_t i = 0; i < options_.vars; ++i) {
      tgt_var var = {};
      tgt_error error = {};
      TENTER_RETURN_IF_ERROR(
          SetUp(table_.var_create(stage_.target.self(), engine_, &var, &error), error, "var"));
      vars_.push_back(var);
    }
    const int64_t ops = options_.threads * options_.ops_per_thread;
    const int64_t aftermath = stage_.parameters.Int("aftermath");
    stage_.progress.Begin("pushes", static_cast<uint64_t>(ops + aftermath));
    {
      Completer completer;
      TENTER_RETURN_IF_ERROR(completer.Start());
      completer_ = &completer;
      PushFromAllThreads();
      ReadOutcome();
    }
    CheckOutcome(stage_, program_, outcome_);
    if (aftermath > 0) Afterwards(aftermath);
    stage_.board.Expose("threads", options_.threads);
    stage_.board.Expose("ops", ops);
    return {};
  }

  void Afterwards(int64_t ops) {
    stage_.injector.Disarm();
    calm_ = CalmProgram(options_.vars, ops);
    for (ProgramOp& op : calm_) Push(&op);
    stage_.progress.Step(static_cast<uint64_t>(ops));
    for (std::vector<ObservedWait>& waits : outcome_.var_waits) waits.clear();
    ReadOutcome();
    CheckCalm(stage_, calm_, outcome_);
  }

  void PushFromAllThreads() {
    Gate gate;
    std::vector<Thread> pushers(options_.threads);
    for (int64_t t = 0; t < options_.threads; ++t) {
      const Status started = pushers[t].Start("pusher-" + std::to_string(t), [this, t, &gate] {
        stage_.flight.NameThisThread();
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
    t.release = [](void* arg) {
      static_cast<Bound*>(arg)->run->stage_.injector.CallEnds();
      delete static_cast<Bound*>(arg);
    };
    stage_.injector.CallBegins();
    tgt_error error = {};
    if (table_.push(stage_.target.self(), engine_, &t, &op->push_number, &error) == TGT_OK) return;
    // Refused: nothing was enqueued (ERR-10), so the program goes on without it. Only a fault may
    // be the reason.
    op->push_number = 0;
    refused_.FetchAdd(1, kRelaxed);
    if (error.code != TGT_RESOURCE_EXHAUSTED || !stage_.injector.has_failures())
      stage_.board.Report({.check = &kErrorExactness,
                           .contract = "ERR-1",
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
           .contract = "ENG-8",
           .what = "var churn failed",
           .title = "a var could not be created and deleted: " + ErrorText(error)});
    stage_.board.Examine(kLife);
    if (table_.wait_for_var(stage_.target.self(), engine_, var, &failure, &error) !=
        TGT_STALE_HANDLE)
      stage_.board.Report({.check = &kLife,
                           .contract = "ENG-8",
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
    for (const uint32_t var : distinct) reads.push_back(outcome_.values[var]);
    const int64_t value = OpValue(op->name, reads);
    if (!op->throws)
      for (const uint32_t var : op->writes) outcome_.values[var] = value;
    op->end = stamps_.FetchAdd(1, kRelaxed) + 1;
  }

  static tgt_code RunSync(void* arg, const tgt_op_context* context, tgt_error*) {
    const Bound& bound = *static_cast<Bound*>(arg);
    const FlightBody body(bound.run->stage_.flight, bound.op->name, context->push_number,
                          context->worker);
    bound.run->Execute(bound.op);
    if (bound.op->throws) throw std::runtime_error("planned failure of " + bound.op->name);
    return TGT_OK;
  }

  static void RunAsync(void* arg, const tgt_op_context* context, tgt_completion* completion) {
    const Bound& bound = *static_cast<Bound*>(arg);
    const FlightBody body(bound.run->stage_.flight, bound.op->name, context->push_number,
                          context->worker);
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
        outcome_.var_waits[wait].push_back({code, failure, error});
      }
    for (int wait = 0; wait < 2; ++wait) {
      tgt_error error = {};
      size_t count = 0;
      std::vector<tgt_failure> failures(FailuresAtMost());
      if (table_.wait_for_all(stage_.target.self(), engine_, failures.data(), failures.size(),
                              &count, &error) != TGT_OK)
        stage_.board.Report({.check = &kErrorExactness,
                             .contract = "ERR-6",
                             .what = "wait-all refused",
                             .title = "WaitForAll failed: " + ErrorText(error)});
      failures.resize(std::min(count, failures.size()));
      outcome_.all_waits[wait] = std::move(failures);
    }
    tgt_error error = {};
    outcome_.has_counts =
        table_.engine_counts(stage_.target.self(), engine_, &outcome_.counts, &error) == TGT_OK;
    outcome_.pushes_refused = refused_.Load(kRelaxed) > 0;
  }

  // More failures than ops that may fail would be a finding in itself; a few of them are enough
  // to tell.
  size_t FailuresAtMost() const {
    size_t count = stage_.injector.fired().size() + 16;
    for (const auto& pushes : program_)
      for (const ProgramOp& op : pushes) count += op.throws || op.drops;
    return count;
  }

  Stage& stage_;
  const tgt_target& table_;
  ProgramOptions options_;
  tgt_handle engine_ = 0;
  std::vector<std::vector<ProgramOp>> program_;
  std::vector<ProgramOp> calm_;  // the aftermath
  std::vector<tgt_var> vars_;
  Completer* completer_ = nullptr;
  Atomic<int64_t> stamps_ = 0;  // only counts: the engine must order the ops that draw from it
  Atomic<int64_t> refused_ = 0;
  ProgramOutcome outcome_;
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
                     {"run_dependents", false, "the other error policy (ERR-8)"},
                     {"aftermath", int64_t{0},
                      "pushes by one thread once the faults have stopped"}},
      .checks = {"dependency_order", "error_exactness", "leak", "liveness", "life", "data_race"},
      .exposes = {"threads", "ops", "failed_ops", "skipped_ops", "resident_growth_kb"},
      .run = RunEngineProgram};
}

}  // namespace tenter
