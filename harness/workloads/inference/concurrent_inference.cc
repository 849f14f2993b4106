// Concurrent inference: many threads call one cached op, each with inputs of its own; every
// output is compared bitwise with the answer of one thread, and every error with the fault that
// should have caused it.
#include <optional>

#include "harness/checks/process_census.h"
#include "harness/workloads/handles.h"
#include "harness/workloads/hash_text.h"
#include "harness/workloads/inference/inference_alone.h"
#include "harness/workloads/inference/inference_callers.h"
#include "harness/workloads/inference/inference_errors.h"
#include "harness/workloads/inference/inference_op.h"
#include "harness/workloads/inference/inference_remains.h"
#include "harness/workloads/inference/kept_answers.h"
#include "harness/workloads/inference/model_inputs.h"
#include "harness/workloads/workload.h"

namespace tenter {
namespace {

class InferenceRun {
 public:
  explicit InferenceRun(Stage& stage)
      : stage_(stage),
        table_(stage.target.table()),
        threads_(stage.parameters.Int("threads")),
        inferences_(stage.parameters.Int("inferences")),
        aftermath_(stage.parameters.Int("aftermath")),
        errors_(&stage.board, stage.injector.has_failures()),
        remains_(stage) {}

  Status Run() {
    tgt_error error = {};
    Handle model(stage_, kModelHandle);
    if (stage_.parameters.Int("free_after") > inferences_)
      return {StatusCode::kInvalidArgument,
              "workload: free_after is larger than inferences: the op would never be freed"};
    if (stage_.parameters.Int("free_after") > 0 && aftermath_ > 0)
      return {StatusCode::kInvalidArgument,
              "workload: free_after leaves no op for an aftermath; set one of them to 0"};
    TENTER_RETURN_IF_ERROR(CheckLater());
    TENTER_RETURN_IF_ERROR(
        SetUp(table_.model_load(stage_.target.self(), stage_.parameters.Text("model").c_str(),
                                model.out(), &error),
              error, "model"));
    TENTER_ASSIGN_OR_RETURN(inputs_, MakeInputs(model.get()));
    TENTER_RETURN_IF_ERROR(KeepForOracle());
    TENTER_RETURN_IF_ERROR(CheckPower());
    callers_.emplace(stage_, *inputs_, &errors_);
    remains_.WatchParameters(model.get());
    TENTER_RETURN_IF_ERROR(remains_.LearnArenas(model.get(), *inputs_));
    TENTER_RETURN_IF_ERROR(InferenceAlone(stage_, *inputs_).CheckAlone(model.get()));
    const int64_t rounds = stage_.parameters.Int("rounds");
    stage_.progress.Begin("inferences", static_cast<uint64_t>(rounds * inferences_ + aftermath_));
    if (aftermath_ > 0) stage_.injector.FollowOrder();
    const ProcessCensus census = ProcessCensus::Now();
    TENTER_RETURN_IF_ERROR(stage_.injector.Arm());
    for (int64_t round = 1; round <= rounds; ++round)
      TENTER_RETURN_IF_ERROR(Round(model.get(), round == rounds));
    CheckCensus(census, "COP-4", &stage_.board);
    remains_.CheckParameters(model.get());
    errors_.Match(stage_.injector.fired());
    Expose();
    return {};
  }

 private:
  // What is judged where a call returns has no meaning for one that is answered later.
  Status CheckLater() const {
    const Parameters& p = stage_.parameters;
    if (p.Int("later") == 0 && p.Int("withdrawn_percent") > 0)
      return {StatusCode::kInvalidArgument,
              "workload: withdrawn_percent is of calls that are not waited for; set later, too"};
    if (p.Int("later") == 0) return {};
    if (table_.invoke_async == nullptr)
      return {StatusCode::kUnsupported,
              "target " + std::string(table_.name) + " answers no request later"};
    if (p.Int("free_after") > 0 || p.Int("bad_requests") > 0 || p.Flag("refuse_when_full") ||
        !p.Flag("thread_safe"))
      return {StatusCode::kInvalidArgument,
              "workload: later goes with neither free_after, bad_requests, refuse_when_full nor "
              "thread_safe = false"};
    return {};
  }

  Result<ModelInputs> MakeInputs(tgt_handle model) {
    const Parameters& p = stage_.parameters;
    return ModelInputs::Make(stage_, model,
                             {.samples = static_cast<size_t>(threads_ * p.Int("inputs_per_thread")),
                              .seed = stage_.seed,
                              .input_shape = p.Text("input_shape"),
                              .shape_variants = p.Int("shape_variants"),
                              .reference_kernels = p.Flag("reference_kernels"),
                              .intra_op = static_cast<uint64_t>(p.Int("intra_op")),
                              .grain = static_cast<uint64_t>(p.Int("grain"))});
  }

  // A model that gives every input the same answer hides every mix-up: it is rejected, because a
  // green result would mean nothing. Where it is the target that gives one answer to all, the
  // oracle tells: its answers are written down before.
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

  // What one thread was answered is right only if somebody else computes the same: the driver asks
  // an oracle, once this process has ended.
  Status KeepForOracle() {
    if (!stage_.board.Wants(kAnswer)) return {};
    stage_.board.NoPower(kAnswer, "no oracle has judged the answers yet");
    return KeepAnswers(stage_.scratch_dir, *inputs_);
  }

  // One life of engine and op: created, called by all threads, freed.
  Status Round(tgt_handle model, bool last) {
    InferenceOp called(stage_);
    TENTER_RETURN_IF_ERROR(Create(model, &called));
    const Described described(&stage_.progress, [this, engine = called.engine.get()] {
      return DescribeEngine(stage_.target, engine);
    });
    stage_.progress.SetSuspect([this] {
      return std::string_view(stage_.parameters.Int("free_after") > 0 ? "COP-4" : "COP-1");
    });
    stage_.injector.FollowRequests(static_cast<size_t>(inferences_));
    const Status started = callers_->CallFromAllThreads(&called.op);
    stage_.progress.SetSuspect(nullptr);
    TENTER_RETURN_IF_ERROR(started);
    if (last && aftermath_ > 0) Afterwards(called.op.get());
    remains_.CheckFootprint(called.engine.get(), called.op.get());
    remains_.CheckRunning(stage_.injector.MostRequestsTogether());
    const tgt_handle stale = called.op.get();
    called.op.Free();
    remains_.CheckDeleters(called.engine.get());
    if (stale != 0) CheckStale(stale);
    return {};
  }

  // An op that a fault keeps from being made is asked for again: the refusal is an error like any
  // other, and leaves nothing behind.
  Status Create(tgt_handle model, InferenceOp* called) {
    const auto in_flight_max = static_cast<uint64_t>(stage_.parameters.Int("in_flight_max"));
    tgt_error refused = {};
    const Status made = called->Create(stage_, model, in_flight_max, &refused);
    if (made.ok() || !stage_.injector.Explains(refused.message)) return made;
    errors_.Add(refused);
    called->engine.Free();
    return called->Create(stage_, model, in_flight_max, &refused);
  }

  // The faults have stopped; the op that they struck has to be as good as new.
  void Afterwards(tgt_handle op) {
    stage_.injector.Disarm();
    stage_.board.Tell("aftermath", HashText(callers_->CallAfterwards(op, aftermath_)));
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
                         .contract = "COP-4",
                         .what = "freed op in use",
                         .title = "a call after the free was not refused: " + ErrorText(error)});
  }

  void Expose() {
    stage_.board.Tell("input shapes", inputs_->Shapes());
    stage_.board.Expose("threads", threads_);
    stage_.board.Expose("inferences", callers_->answers());
    stage_.board.Expose("in_flight_max", callers_->in_flight_max());
    stage_.board.Expose("running_max", remains_.running_max());
    stage_.board.Expose("compilations", remains_.compilations());
    stage_.board.Expose("batched_requests", remains_.batched());
    stage_.board.Expose("failed_requests", errors_.count());
    stage_.board.Expose("refused_requests", callers_->refused());
    stage_.board.Expose("withdrawn_requests", callers_->withdrawn());
    if (callers_->answers() == 0)
      stage_.board.NoPower(kDeterminism, "no request was answered");
    else if (callers_->in_flight_max() < 2)
      stage_.board.NoPower(kDeterminism, "no two requests were in flight together");
    else if (remains_.running_max() == 1)  // 0: the target has no sites to know it by
      stage_.board.NoPower(kDeterminism, "no two requests ran together");
    else if (stage_.parameters.Int("batch") > 1 && remains_.batched() == 0)
      stage_.board.NoPower(kDeterminism, "no two requests ran as one");
  }

  Stage& stage_;
  const tgt_target& table_;
  const int64_t threads_, inferences_, aftermath_;
  std::optional<ModelInputs> inputs_;
  InferenceErrors errors_;
  std::optional<InferenceCallers> callers_;  // made once there are inputs
  InferenceRemains remains_;
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
           {"way", std::string(), "serial, inline, dataflow or direct; empty: the target's own"},
           {"batch", int64_t{1}, "requests of one signature that may run as one", 1, 128},
           {"intra_op", int64_t{1}, "threads that compute a kernel together", 1, 64},
           {"grain", int64_t{0}, "products from which they do; 0: the target's own", 0},
           {"refuse_when_full", false, "refuse instead of queueing when in_flight_max is reached"},
           {"reference_kernels", false, "run the reference kernels instead of oneDNN's"},
           {"input_shape", std::string(), "1,3,48,192 or name=1,3,48,192;...; empty: the model's"},
           {"shape_variants", int64_t{1}, "input signatures to spread the inputs over", 1},
           {"bad_requests", int64_t{0}, "calls with a wrong shape, spread over the run"},
           {"free_after", int64_t{0}, "free the op while threads call it, after so many calls"},
           {"rounds", int64_t{1}, "lives of engine and op", 1},
           {"aftermath", int64_t{0}, "calls by one thread once the faults have stopped"},
           {"later", int64_t{0}, "calls that each thread keeps in flight; 0: it waits for each", 0},
           {"withdrawn_percent", int64_t{0}, "of those, how many are cancelled at once", 0, 100},
           {"calls_alone", int64_t{16}, "calls of one thread before the others; 0: none", 0}},
      .checks = {"determinism", "answer", "ownership", "error_exactness", "hidden_write", "leak",
                 "liveness", "life", "data_race"},
      .exposes = {"threads", "inferences", "in_flight_max", "running_max", "compilations",
                  "batched_requests", "failed_requests", "refused_requests", "withdrawn_requests",
                  "resident_growth_kb"},
      .run = RunConcurrentInference};
}

}  // namespace tenter
