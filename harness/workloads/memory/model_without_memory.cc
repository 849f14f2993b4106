// A model without memory: each allocation of one load, first call or warm call fails in turn. The
// call is refused with a typed error or succeeds; the next one gives the same bits as ever.
#include <optional>
#include <utility>

#include "harness/faults/nearest.h"
#include "harness/workloads/handles.h"
#include "harness/workloads/inference/model_inputs.h"
#include "harness/workloads/memory/allocation_sweep.h"

namespace tenter {
namespace {

// What the three calls share: a model with an engine, and one input whose answer is known.
class ModelCall : public ShortCall {
 public:
  ModelCall(Stage& stage, AllocationSweep* sweep)
      : stage_(stage),
        table_(stage.target.table()),
        sweep_(sweep),
        model_(stage, kModelHandle),
        engine_(stage, kEngineHandle) {}

  Status SetUpModel() {
    tgt_error error = {};
    const Parameters& p = stage_.parameters;
    TENTER_RETURN_IF_ERROR(SetUp(Load(model_.out(), &error), error, "model"));
    TENTER_ASSIGN_OR_RETURN(inputs_,
                            ModelInputs::Make(stage_, model_.get(),
                                              {.seed = stage_.seed,
                                               .input_shape = p.Text("input_shape"),
                                               .reference_kernels = p.Flag("reference_kernels"),
                                               .intra_op = static_cast<uint64_t>(p.Int("intra_op")),
                                               .grain = static_cast<uint64_t>(p.Int("grain"))}));
    outputs_.resize(inputs_->output_count());
    if ((table_.groups & TGT_ENGINE) == 0) return {};
    const tgt_engine_options options{static_cast<int32_t>(p.Int("workers")), 0};
    return SetUp(table_.engine_create(stage_.target.self(), &options, engine_.out(), &error), error,
                 "engine");
  }

 protected:
  tgt_code Load(tgt_handle* model, tgt_error* error) {
    return table_.model_load(stage_.target.self(), stage_.parameters.Text("model").c_str(), model,
                             error);
  }
  tgt_code Create(tgt_handle model, tgt_handle* op, tgt_error* error) {
    tgt_cached_op_options options = {};
    options.thread_safe = 1;
    options.reference_kernels = stage_.parameters.Flag("reference_kernels") ? 1 : 0;
    options.intra_op = static_cast<uint64_t>(stage_.parameters.Int("intra_op"));
    options.grain = static_cast<uint64_t>(stage_.parameters.Int("grain"));
    return table_.cached_op_create(stage_.target.self(), engine_.get(), model, &options, op, error);
  }
  // Allocates nothing; outputs_ hold the answer when it is one.
  Answer Invoke(tgt_handle op) {
    return Ask([&](tgt_error* error) {
      const auto& inputs = inputs_->sample(0).inputs;
      return table_.invoke(stage_.target.self(), op, inputs.data(), inputs.size(), outputs_.data(),
                           outputs_.size(), error);
    });
  }

  // An answer is the right one. COP-5: a call that could not have its memory and says that it
  // succeeded has lost its failure. COP-1: any other.
  void CheckOutputs(bool failed) {
    stage_.board.Examine(kDeterminism);
    if (inputs_->WhoseAnswer(outputs_, 0) != 0)
      sweep_->Report(kDeterminism, failed ? "COP-5" : "COP-1",
                     failed ? "a failure was answered as a success" : "a wrong answer",
                     inputs_->FirstDifference(outputs_, 0));
    for (tgt_tensor& output : outputs_) {
      if (output.data != nullptr) table_.tensor_release(stage_.target.self(), &output);
      output = {};
    }
  }
  void CheckInvoke(const Answer& answer, bool failed, const char* what) {
    sweep_->CheckAnswer(answer, failed, what);
    if (answer.ok()) CheckOutputs(failed);
  }

  Stage& stage_;
  const tgt_target& table_;
  AllocationSweep* const sweep_;
  Handle model_, engine_;

 private:
  std::optional<ModelInputs> inputs_;
  std::vector<tgt_tensor> outputs_;
};

class LoadCall final : public ModelCall {
 public:
  using ModelCall::ModelCall;

  Status Prepare() override { return {}; }
  void Call() override {
    answer_ = Ask([&](tgt_error* error) { return Load(&made_, error); });
  }
  void Judge(bool failed) override {
    sweep_->CheckAnswer(answer_, failed, "model_load");
    if (!answer_.ok()) {
      made_ = 0;
      sweep_->CheckAnswer(Ask([&](tgt_error* error) { return Load(&made_, error); }), false,
                          "the next model_load");
    }
    Handle made(stage_, kModelHandle), op(stage_, kOpHandle);
    *made.out() = std::exchange(made_, 0);
    // Compiling takes long: what follows a refusal is looked at now and then, what survived always.
    if (made.get() == 0 || (!answer_.ok() && ++refusals_ % kLookedAt != 0)) return;
    const Answer created =
        Ask([&](tgt_error* error) { return Create(made.get(), op.out(), error); });
    sweep_->CheckAnswer(created, false, "cached_op_create after model_load");
    if (created.ok()) CheckInvoke(Invoke(op.get()), false, "invoke after model_load");
  }

 private:
  static constexpr int kLookedAt = 32;
  tgt_handle made_ = 0;
  Answer answer_;
  int refusals_ = 0;
};

// A call of an op that is new, or one that has been called before.
class InvokeCall final : public ModelCall {
 public:
  InvokeCall(Stage& stage, AllocationSweep* sweep, bool first)
      : ModelCall(stage, sweep), first_(first), op_(stage, kOpHandle) {}

  Status Prepare() override {
    if (op_.get() != 0 && !first_) return {};
    op_.Free();
    tgt_error error = {};
    TENTER_RETURN_IF_ERROR(SetUp(Create(model_.get(), op_.out(), &error), error, "cached op"));
    if (!first_) CheckInvoke(Invoke(op_.get()), false, "the first invoke");
    return {};
  }
  void Call() override { answer_ = Invoke(op_.get()); }
  void Judge(bool failed) override {
    CheckInvoke(answer_, failed, "invoke");
    CheckInvoke(Invoke(op_.get()), false, "the next invoke");
  }

 private:
  const bool first_;
  Handle op_;
  Answer answer_;
};

Status RunModelWithoutMemory(Stage& stage) {
  const std::string& kind = stage.parameters.Text("call");
  // COP-8: a failure that was answered leaves no memory.
  AllocationSweep sweep(stage, kind, "COP-8");
  const auto run = [&](auto call) -> Status {
    TENTER_RETURN_IF_ERROR(call.SetUpModel());
    return sweep.Run(&call);
  };
  if (kind == "load") return run(LoadCall(stage, &sweep));
  if (kind == "first_invoke") return run(InvokeCall(stage, &sweep, true));
  if (kind == "invoke") return run(InvokeCall(stage, &sweep, false));
  const std::vector<std::string> known = {"load", "first_invoke", "invoke"};
  return {StatusCode::kInvalidArgument,
          "workload: unknown call '" + kind + "'" + DidYouMean(kind, known)};
}

}  // namespace

WorkloadType ModelWithoutMemory() {
  return {.kind = "model_without_memory",
          .meaning = "each allocation of one call of a model fails in turn",
          .groups = TGT_MODEL,
          .parameters = SweepParameters(
              {{"model", std::string(), "model file"},
               {"call", std::string("invoke"), "load, first_invoke (which compiles) or invoke"},
               {"workers", int64_t{1}, "workers of the engine; 0 is the naive engine"},
               {"reference_kernels", false, "run the reference kernels instead of oneDNN's"},
               {"intra_op", int64_t{1}, "threads that compute a kernel together", 1, 64},
               {"grain", int64_t{0}, "products from which they do; 0: the target's own", 0},
               {"input_shape", std::string(),
                "1,3,48,192 or name=1,3,48,192;...; empty: the model's"}}),
          .checks = {"error_exactness", "determinism", "leak", "liveness", "data_race"},
          .exposes = {"allocations", "shortages", "calls_refused", "resident_growth_kb"},
          .run = RunModelWithoutMemory};
}

}  // namespace tenter
