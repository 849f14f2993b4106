#include "harness/workloads/soak/soak_models.h"

#include <utility>

#include "harness/workloads/inference/inference_op.h"
#include "runtime/base/rng.h"
#include "runtime/base/tsan.h"

namespace tenter {
namespace {

// Loads of one model that a plan of faults may make fail one after another.
constexpr int kTries = 100;

}  // namespace

SoakModels::SoakModels(const Stage& stage)
    : stage_(stage),
      table_(stage.target.table()),
      files_{stage.parameters.Text("model")},
      stalls_(static_cast<size_t>(stage.parameters.Int("models")) + 1) {
  const std::string& second = stage.parameters.Text("second_file");
  if (!second.empty()) files_.push_back(second);
}

Status SoakModels::Open() {
  const Parameters& p = stage_.parameters;
  for (size_t file = 0; file < files_.size(); ++file) {
    Handle model(stage_, kModelHandle);
    tgt_error error = {};
    TENTER_RETURN_IF_ERROR(
        SetUp(table_.model_load(stage_.target.self(), files_[file].c_str(), model.out(), &error),
              error, "model"));
    TENTER_ASSIGN_OR_RETURN(
        ModelInputs inputs,
        ModelInputs::Make(stage_, model.get(),
                          {.samples = static_cast<size_t>(p.Int("inputs")),
                           .seed = CombineHash(stage_.seed, file),
                           .input_shape = file == 0 ? p.Text("input_shape") : std::string(),
                           .shape_variants = p.Int("shape_variants"),
                           .reference_kernels = p.Flag("reference_kernels"),
                           .intra_op = static_cast<uint64_t>(p.Int("intra_op"))}));
    if (inputs.size() > 1 && inputs.distinct_answers() == 1)
      return {StatusCode::kInvalidArgument,
              "model " + files_[file] + ": all inputs have one answer, so that no mix-up of " +
                  "requests could be seen"};
    inputs_.push_back(std::move(inputs));
  }
  TENTER_ASSIGN_OR_RETURN(auto stays, MakeInSpiteOfFaults(FileOf(0, 0)));
  Install(0, std::move(stays));
  return {};
}

Status SoakModels::Fill() {
  for (size_t stall = 1; stall < stalls_.size(); ++stall) {
    const uint64_t next = Lend(stall).life + 1;
    TENTER_ASSIGN_OR_RETURN(auto made, MakeInSpiteOfFaults(FileOf(stall, next)));
    Install(stall, std::move(made));
  }
  return {};
}

void SoakModels::Empty() {
  for (size_t stall = 1; stall < stalls_.size(); ++stall) Install(stall, nullptr);
}

void SoakModels::Close() {
  Empty();
  Install(0, nullptr);
}

void SoakModels::Install(size_t stall, std::unique_ptr<Made> made) {
  if (made != nullptr) TsanRelease(made.get());
  {
    UnseenLock lock(mutex_);
    Stall& place = stalls_[stall];
    place.op = made == nullptr ? 0 : made->op.get();
    if (made != nullptr && stall > 0) ++place.life;  // the op that stays has one life
    std::swap(place.made, made);
    place.renewed = false;
  }
  // What is freed here was made by another thread, maybe, which is the edge of a life.
  if (made != nullptr) TsanAcquire(made.get());
}

SoakModels::Lent SoakModels::Lend(size_t stall) {
  UnseenLock lock(mutex_);
  const Stall& place = stalls_[stall];
  return {stall, place.life, place.op, &inputs_[FileOf(stall, place.life)]};
}

bool SoakModels::MayBeFreed(const Lent& lent) {
  UnseenLock lock(mutex_);
  const Stall& place = stalls_[lent.stall];
  return place.renewed || place.life != lent.life;
}

void SoakModels::Renew(size_t stall) {
  std::unique_ptr<Made> old;
  uint64_t next = 0;
  {
    UnseenLock lock(mutex_);
    Stall& place = stalls_[stall];
    if (place.renewed || place.made == nullptr) return;
    place.renewed = true;
    old = std::move(place.made);
    next = place.life + 1;
  }
  TsanAcquire(old.get());
  old.reset();
  Result<std::unique_ptr<Made>> made = MakeInSpiteOfFaults(FileOf(stall, next));
  if (made.ok()) return Install(stall, std::move(made).value());
  stage_.board.Report({.check = &kErrorExactness,
                       .contract = "COP-5",
                       .what = "a load failed",
                       .title = "a model that was loaded before could not be loaded again",
                       .detail = made.status().message()});
}

Result<std::unique_ptr<SoakModels::Made>> SoakModels::MakeInSpiteOfFaults(size_t file) {
  for (int tries = 1;; ++tries) {
    tgt_error error = {};
    auto made = Make(file, &error);
    if (made.ok() || tries == kTries || !stage_.injector.Explains(error.message)) return made;
    UnseenLock lock(mutex_);
    failures_.push_back(error);
  }
}

std::vector<tgt_error> SoakModels::TakeFailures() {
  UnseenLock lock(mutex_);
  return std::exchange(failures_, {});
}

Result<std::unique_ptr<SoakModels::Made>> SoakModels::Make(size_t file, tgt_error* error) {
  const Parameters& p = stage_.parameters;
  void* const self = stage_.target.self();
  auto made = std::make_unique<Made>(stage_);
  const auto set_up = [error](tgt_code code, const char* what) {
    error->code = code;
    return SetUp(code, *error, what);
  };
  loads_.FetchAdd(1, kRelaxed);
  TENTER_RETURN_IF_ERROR(
      set_up(table_.model_load(self, files_[file].c_str(), made->model.out(), error), "model"));
  if (table_.groups & TGT_ENGINE) {
    const tgt_engine_options engine{static_cast<int32_t>(p.Int("workers")), 0};
    TENTER_RETURN_IF_ERROR(
        set_up(table_.engine_create(self, &engine, made->engine.out(), error), "engine"));
  }
  tgt_cached_op_options options = {};
  options.thread_safe = 1;
  options.reference_kernels = p.Flag("reference_kernels") ? 1 : 0;
  options.in_flight_max = static_cast<uint64_t>(p.Int("in_flight_max"));
  options.batch_max = static_cast<uint64_t>(p.Int("batch"));
  options.intra_op = static_cast<uint64_t>(p.Int("intra_op"));
  options.plans_max = static_cast<uint64_t>(p.Int("plans_max"));
  TENTER_ASSIGN_OR_RETURN(options.way, WayOf(p.Text("way"), table_));
  TENTER_RETURN_IF_ERROR(set_up(table_.cached_op_create(self, made->engine.get(), made->model.get(),
                                                        &options, made->op.out(), error),
                                "cached op"));
  return made;
}

tgt_footprint SoakModels::FootprintOfTheStaying() const {
  tgt_footprint footprint = {};
  tgt_error error = {};
  if (table_.footprint == nullptr || stalls_[0].made == nullptr ||
      table_.footprint(stage_.target.self(), stalls_[0].op, &footprint, &error) != TGT_OK)
    return {};
  return footprint;
}

bool SoakModels::answers_differ() const {
  for (const ModelInputs& inputs : inputs_)
    if (inputs.distinct_answers() < inputs.size()) return false;
  return true;
}

}  // namespace tenter
