// Concurrent inference: many threads call one cached op, each with inputs of its own; every
// output is compared bitwise with the answer of one thread, and every error with the fault that
// should have caused it.
#include <cstring>
#include <optional>

#include "harness/checks/process_census.h"
#include "harness/workloads/handles.h"
#include "harness/workloads/inference_errors.h"
#include "harness/workloads/model_inputs.h"
#include "harness/workloads/collisions.h"
#include "harness/workloads/workload.h"
#include "runtime/base/atomic.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

class InferenceRun {
 public:
  explicit InferenceRun(Stage& stage)
      : stage_(stage),
        table_(stage.target.table()),
        threads_(stage.parameters.Int("threads")),
        inferences_(stage.parameters.Int("inferences")),
        bad_requests_(stage.parameters.Int("bad_requests")),
        free_after_(stage.parameters.Int("free_after")),
        errors_(&stage.board, stage.injector.has_failures()) {}

  Status Run() {
    tgt_error error = {};
    Handle model(&stage_.target, &stage_.board);
    if (free_after_ > inferences_)
      return {StatusCode::kInvalidArgument,
              "workload: free_after is larger than inferences: the op would never be freed"};
    TENTER_RETURN_IF_ERROR(
        SetUp(table_.model_load(stage_.target.self(), stage_.parameters.Text("model").c_str(),
                                model.out(), &error),
              error, "model"));
    TENTER_ASSIGN_OR_RETURN(inputs_, MakeInputs(model.get()));
    TENTER_RETURN_IF_ERROR(CheckPower());
    const uint64_t digest = ParameterDigest(model.get());
    const int64_t rounds = stage_.parameters.Int("rounds");
    stage_.progress.Begin("inferences", static_cast<uint64_t>(rounds * inferences_));
    const ProcessCensus census = ProcessCensus::Now();
    stage_.injector.Arm();
    for (int64_t round = 0; round < rounds; ++round) TENTER_RETURN_IF_ERROR(Round(model.get()));
    CheckCensus(census, &stage_.board);
    CheckParameters(model.get(), digest);
    errors_.Match(stage_.injector.fired());
    Expose();
    return {};
  }

 private:
  Result<ModelInputs> MakeInputs(tgt_handle model) {
    const Parameters& p = stage_.parameters;
    return ModelInputs::Make(stage_.target, model,
                             {.samples = static_cast<size_t>(threads_ * p.Int("inputs_per_thread")),
                              .seed = stage_.seed,
                              .input_shape = p.Text("input_shape"),
                              .shape_variants = p.Int("shape_variants"),
                              .reference_kernels = p.Flag("reference_kernels")});
  }

  // A model that gives every input the same answer hides every mix-up: it is rejected, because a
  // green result would mean nothing.
  Status CheckPower() {
    const size_t samples = inputs_->size(), distinct = inputs_->distinct_answers();
    if (samples > 1 && distinct == 1)
      return {StatusCode::kInvalidArgument,
              "model " + stage_.parameters.Text("model") + ": " + std::to_string(samples) +
                  " different inputs have one answer: its outputs do not depend on the input, so "
                  "no mix-up of requests could be seen"};
    if (distinct < samples)
      stage_.board.NoPower(kDeterminism, std::to_string(samples) + " inputs have only " +
                                             std::to_string(distinct) +
                                             " different answers: some mix-ups could not be seen");
    return {};
  }

  // One life of engine and op: created, called by all threads, freed.
  Status Round(tgt_handle model) {
    const Parameters& p = stage_.parameters;
    tgt_error error = {};
    Handle engine(&stage_.target, &stage_.board), op(&stage_.target, &stage_.board);
    if (table_.groups & TGT_ENGINE) {
      const tgt_engine_options options{static_cast<int32_t>(p.Int("workers")), 0};
      TENTER_RETURN_IF_ERROR(
          SetUp(table_.engine_create(stage_.target.self(), &options, engine.out(), &error), error,
                "engine"));
    }
    tgt_cached_op_options options = {};
    options.thread_safe = p.Flag("thread_safe") ? 1 : 0;
    options.refuse_when_full = p.Flag("refuse_when_full") ? 1 : 0;
    options.reference_kernels = p.Flag("reference_kernels") ? 1 : 0;
    options.in_flight_max = static_cast<uint64_t>(p.Int("in_flight_max"));
    TENTER_RETURN_IF_ERROR(SetUp(table_.cached_op_create(stage_.target.self(), engine.get(), model,
                                                         &options, op.out(), &error),
                                 error, "cached op"));
    tickets_.Store(0, kRelaxed);
    freed_.Store(false, kRelaxed);
    stage_.progress.SetDescribe(
        [this, &engine] { return DescribeEngine(stage_.target, engine.get()); });
    CallFromAllThreads(&op);
    stage_.progress.SetDescribe(nullptr);
    CheckFootprint(engine.get(), op.get());
    const tgt_handle stale = op.get();
    op.Free();
    if (stale != 0) CheckStale(stale);
    return {};
  }

  // COP-4: a call after the free is refused with a typed error.
  void CheckStale(tgt_handle op) {
    std::vector<tgt_tensor> outputs(inputs_->output_count());
    tgt_error error = {};
    stage_.board.Examine(kLife);
    const Sample& sample = inputs_->sample(0);
    const tgt_code code =
        table_.invoke(stage_.target.self(), op, sample.inputs.data(), sample.inputs.size(),
                      outputs.data(), outputs.size(), &error);
    if (code == TGT_CLOSED || code == TGT_STALE_HANDLE) return;
    stage_.board.Report({.check = &kLife,
                         .what = "freed op in use",
                         .title = "a call after the free was not refused: " + ErrorText(error)});
  }

  void CallFromAllThreads(Handle* op) {
    const tgt_handle handle = op->get();
    Gate gate;
    std::vector<Thread> callers(threads_);
    for (int64_t t = 0; t < threads_; ++t) {
      const Status started =
          callers[t].Start("caller-" + std::to_string(t), [this, t, handle, &gate] {
            gate.Wait();
            CallLoop(t, handle);
          });
      if (!started.ok()) stage_.board.NoPower(kDeterminism, started.message());
    }
    gate.Open();
    if (free_after_ > 0) {
      calls_.AwaitAtLeast(static_cast<uint64_t>(free_after_));
      freed_.Store(true, kRelease);
      op->Free();
    }
    for (Thread& caller : callers) caller.Join();
    calls_.Reset();
  }

  void CallLoop(int64_t thread, tgt_handle op) {
    const int64_t per_thread = stage_.parameters.Int("inputs_per_thread");
    for (int64_t i = 0;; ++i) {
      const int64_t ticket = tickets_.FetchAdd(1, kRelaxed);
      if (ticket >= inferences_) return;
      // The bad requests are spread evenly over the run.
      const bool bad = bad_requests_ > 0 && ticket * bad_requests_ / inferences_ !=
                                                (ticket + 1) * bad_requests_ / inferences_;
      Call(op, static_cast<size_t>(thread * per_thread + i % per_thread), bad);
      calls_.Add();
      stage_.progress.Step();
    }
  }

  void Call(tgt_handle op, size_t sample, bool bad) {
    const std::vector<tgt_tensor> inputs =
        bad ? inputs_->Misshaped(sample) : inputs_->sample(sample).inputs;
    std::vector<tgt_tensor> outputs(inputs_->output_count());
    tgt_error error = {};
    in_flight_.Enter();
    const tgt_code code = table_.invoke(stage_.target.self(), op, inputs.data(), inputs.size(),
                                        outputs.data(), outputs.size(), &error);
    in_flight_.Leave();
    if (code == TGT_OK) {
      if (bad) errors_.MissingRefusal(inputs[0].rank);
      if (!bad) Compare(outputs, sample);
      for (tgt_tensor& output : outputs) table_.tensor_release(stage_.target.self(), &output);
      return;
    }
    if (free_after_ > 0 && (code == TGT_CLOSED || code == TGT_STALE_HANDLE)) {
      stage_.board.Examine(kLife);
      if (!freed_.Load(kAcquire))
        stage_.board.Report(
            {.check = &kLife,
             .what = "refused before the free",
             .title = "a call was refused before the op was freed: " + ErrorText(error)});
      return;
    }
    if (bad) return errors_.CheckRefusal(error);
    if (code == TGT_CONCURRENT_USE && !stage_.parameters.Flag("thread_safe"))
      return stage_.board.Examine(kLife);
    if (code == TGT_RESOURCE_EXHAUSTED && stage_.parameters.Flag("refuse_when_full") &&
        !stage_.injector.has_failures())
      return stage_.board.Examine(kLife);
    errors_.Add(error);
  }

  void Compare(const std::vector<tgt_tensor>& outputs, size_t sample) {
    stage_.board.Examine(kDeterminism);
    right_.FetchAdd(1, kRelaxed);
    const int64_t whose = inputs_->WhoseAnswer(outputs, sample);
    if (whose == static_cast<int64_t>(sample)) return;
    const int64_t per_thread = stage_.parameters.Int("inputs_per_thread");
    const std::string who = "thread " + std::to_string(sample / per_thread);
    Finding finding{.check = &kDeterminism,
                    .what = whose < 0 ? "wrong output" : "answer of another request",
                    .title = who + (whose < 0 ? " got an answer that belongs to nobody"
                                              : " got the answer of thread " +
                                                    std::to_string(whose / per_thread))};
    finding.detail = inputs_->FirstDifference(outputs, sample);
    finding.evidence = {{"sample", std::to_string(sample)}, {"answer_of", std::to_string(whose)}};
    stage_.board.Report(std::move(finding));
  }

  void CheckFootprint(tgt_handle engine, tgt_handle op) {
    tgt_error error = {};
    tgt_footprint footprint = {};
    if (op != 0 && table_.footprint != nullptr &&
        table_.footprint(stage_.target.self(), op, &footprint, &error) == TGT_OK) {
      stage_.board.Examine(kLeak);
      const auto limit = static_cast<uint64_t>(stage_.parameters.Int("in_flight_max"));
      compilations_ = static_cast<int64_t>(footprint.compilations);
      if (footprint.in_flight != 0)
        stage_.board.Report({.check = &kLeak,
                             .what = "arena not returned",
                             .title = std::to_string(footprint.in_flight) +
                                      " arenas are still lent although every call returned"});
      if (limit > 0 && footprint.in_flight_max > limit)
        stage_.board.Report({.check = &kLeak,
                             .what = "more arenas than allowed",
                             .title = std::to_string(footprint.in_flight_max) +
                                      " requests held an arena, the limit is " +
                                      std::to_string(limit)});
    }
    tgt_engine_counts counts = {};
    size_t failures = 0;
    if (engine == 0) return;
    if (table_.wait_for_all(stage_.target.self(), engine, nullptr, 0, &failures, &error) !=
            TGT_OK ||
        table_.engine_counts(stage_.target.self(), engine, &counts, &error) != TGT_OK)
      return;
    stage_.board.Examine(kLeak);
    if (counts.live_ops != 0)
      stage_.board.Report({.check = &kLeak,
                           .what = "op alive after wait-all",
                           .title = std::to_string(counts.live_ops) +
                                    " ops are alive after everything was waited for"});
  }

  uint64_t ParameterDigest(tgt_handle model) {
    const void* data = nullptr;
    size_t size = 0;
    tgt_error error = {};
    if (table_.model_parameters == nullptr ||
        table_.model_parameters(stage_.target.self(), model, &data, &size, &error) != TGT_OK ||
        size == 0)
      return 0;
    stage_.watch_parameters(data, size);
    return HashBytes({static_cast<const char*>(data), size});
  }

  void CheckParameters(tgt_handle model, uint64_t before) {
    if (before == 0)
      return stage_.board.NoPower(kHiddenWrite, "the target does not show its parameters");
    stage_.board.Examine(kHiddenWrite);
    if (ParameterDigest(model) != before)
      stage_.board.Report({.check = &kHiddenWrite,
                           .what = "parameters changed",
                           .title = "the parameters of the model are not what they were"});
  }

  void Expose() {
    stage_.board.Expose("threads", threads_);
    stage_.board.Expose("inferences", static_cast<int64_t>(right_.Load(kRelaxed)));
    stage_.board.Expose("in_flight_max", in_flight_.max());
    stage_.board.Expose("compilations", compilations_);
    stage_.board.Expose("failed_requests", errors_.count());
    if (in_flight_.max() < 2)
      stage_.board.NoPower(kDeterminism, "no two requests were in flight together");
  }

  Stage& stage_;
  const tgt_target& table_;
  const int64_t threads_, inferences_, bad_requests_, free_after_;
  std::optional<ModelInputs> inputs_;
  InferenceErrors errors_;
  InFlightGauge in_flight_;
  CallCounter calls_;
  Atomic<int64_t> tickets_ = 0;
  Atomic<bool> freed_ = false;  // set before the free; a refusal may only follow it
  Atomic<uint64_t> right_ = 0;  // answers that were compared
  int64_t compilations_ = 0;
};

Status RunConcurrentInference(Stage& stage) { return InferenceRun(stage).Run(); }

}  // namespace

WorkloadType ConcurrentInference() {
  return {
      .kind = "concurrent_inference",
      .meaning = "many threads call one model, each with inputs of its own",
      .groups = TGT_MODEL,
      .parameters =
          {{"model", std::string(), "model file"},
           {"threads", int64_t{8}, "threads that call the op at the same time", 1},
           {"inferences", int64_t{200}, "calls in all, per round", 1},
           {"inputs_per_thread", int64_t{1}, "different inputs of each thread", 1},
           {"workers", int64_t{2}, "workers of the engine; 0 is the naive engine"},
           {"in_flight_max", int64_t{8}, "requests that may hold memory at the same time", 1},
           {"thread_safe", true, "create the op with the thread_safe flag"},
           {"refuse_when_full", false, "refuse instead of queueing when in_flight_max is reached"},
           {"reference_kernels", false, "run the reference kernels instead of oneDNN's"},
           {"input_shape", std::string(), "1,3,48,192 or name=1,3,48,192;...; empty: the model's"},
           {"shape_variants", int64_t{1}, "input signatures to spread the inputs over", 1},
           {"bad_requests", int64_t{0}, "calls with a wrong shape, spread over the run"},
           {"free_after", int64_t{0}, "free the op while threads call it, after so many calls"},
           {"rounds", int64_t{1}, "lives of engine and op", 1}},
      .checks = {"determinism", "error_exactness", "hidden_write", "leak", "liveness", "life",
                 "data_race"},
      .run = RunConcurrentInference};
}

}  // namespace tenter
