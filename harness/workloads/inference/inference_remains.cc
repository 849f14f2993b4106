#include "harness/workloads/inference/inference_remains.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "harness/workloads/inference/inference_op.h"
#include "runtime/base/rng.h"

namespace tenter {

void InferenceRemains::CheckParameters(tgt_handle model) {
  if (digest_ == 0)
    return stage_.board.NoPower(kHiddenWrite, "the target does not show its parameters");
  stage_.board.Examine(kHiddenWrite);
  if (DigestOfParameters(model) != digest_)
    stage_.board.Report({.check = &kHiddenWrite,
                         .contract = "COP-2",
                         .what = "parameters changed",
                         .title = "the parameters of the model are not what they were"});
}

uint64_t InferenceRemains::DigestOfParameters(tgt_handle model) {
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

void InferenceRemains::CheckFootprint(tgt_handle engine, tgt_handle op) {
  if (op != 0) CheckArenas(op);
  if (engine != 0) CheckOps(engine);
}

bool InferenceRemains::AskFootprint(tgt_handle op, tgt_footprint* footprint) {
  tgt_error error = {};
  return table_.footprint != nullptr &&
         table_.footprint(stage_.target.self(), op, footprint, &error) == TGT_OK;
}

Status InferenceRemains::LearnArenas(tgt_handle model, const ModelInputs& inputs) {
  const auto signatures = static_cast<size_t>(stage_.parameters.Int("shape_variants"));
  for (size_t i = 0; i < std::min(signatures, inputs.size()); ++i) {
    InferenceOp alone(stage_);
    tgt_error refused = {};
    TENTER_RETURN_IF_ERROR(alone.Create(stage_, model, 1, &refused));
    const Sample& sample = inputs.sample(i);
    std::vector<tgt_tensor> outputs(inputs.output_count());
    tgt_error error = {};
    const bool answered =
        table_.invoke(stage_.target.self(), alone.op.get(), sample.inputs.data(),
                      sample.inputs.size(), outputs.data(), outputs.size(), &error) == TGT_OK;
    if (answered)
      for (tgt_tensor& output : outputs) table_.tensor_release(stage_.target.self(), &output);
    tgt_footprint footprint = {};
    if (!answered || !AskFootprint(alone.op.get(), &footprint) || footprint.arena_bytes == 0) {
      arena_bytes_max_ = 0;  // no limit is known; an error comes again, when calls are compared
      return {};
    }
    arena_bytes_max_ = std::max(arena_bytes_max_, footprint.arena_bytes);
  }
  return {};
}

void InferenceRemains::CheckArenas(tgt_handle op) {
  tgt_footprint footprint = {};
  if (!AskFootprint(op, &footprint)) return;
  stage_.board.Examine(kLeak);
  compilations_ = static_cast<int64_t>(footprint.compilations);
  batched_ += static_cast<int64_t>(footprint.batched);
  CheckCompilations();
  if (footprint.in_flight != 0)
    Report("COP-2", "arena not returned",
           std::to_string(footprint.in_flight) +
               " arenas are still lent although every call returned");
  if (footprint.in_flight_max > limit_)
    Report("COP-2", "more arenas than allowed",
           std::to_string(footprint.in_flight_max) + " requests held an arena, the limit is " +
               std::to_string(limit_));
  if (arena_bytes_max_ > 0 && footprint.arena_bytes > limit_ * arena_bytes_max_)
    Report("COP-2", "more arenas kept than allowed",
           std::to_string(footprint.arena_bytes) + " bytes of arenas are kept, the limit is " +
               std::to_string(limit_) + " of at most " + std::to_string(arena_bytes_max_) +
               " bytes");
}

// COP-3. A compilation that a fault made fail may be tried again, and a wrong shape may be compiled
// before it is refused.
void InferenceRemains::CheckCompilations() {
  const int64_t signatures = stage_.parameters.Int("shape_variants");
  if (stage_.injector.has_failures() || stage_.parameters.Int("bad_requests") > 0) return;
  if (compilations_ > signatures)
    Report("COP-3", "a signature compiled twice",
           std::to_string(compilations_) + " plans were compiled for " +
               std::to_string(signatures) + " input signatures");
}

void InferenceRemains::CheckRunning(size_t most) {
  running_max_ = std::max(running_max_, static_cast<int64_t>(most));
  if (most == 0) return;  // the target has no sites that tell
  stage_.board.Examine(kLeak);
  if (most > limit_)
    Report("COP-2", "more requests running than allowed",
           std::to_string(most) +
               " requests were running together, the limit "
               "is " +
               std::to_string(limit_));
}

void InferenceRemains::Report(std::string_view contract, const char* what, std::string title) {
  stage_.board.Report(
      {.check = &kLeak, .contract = contract, .what = what, .title = std::move(title)});
}

void InferenceRemains::CheckOps(tgt_handle engine) {
  tgt_error error = {};
  tgt_engine_counts counts = {};
  // With room for them, since what is not taken is told again.
  std::vector<tgt_failure> failures(16);
  size_t count = 0;
  do {
    if (table_.wait_for_all(stage_.target.self(), engine, failures.data(), failures.size(), &count,
                            &error) != TGT_OK)
      return;
    told_failures_ += static_cast<int64_t>(std::min(count, failures.size()));
  } while (count > failures.size());
  if (table_.engine_counts(stage_.target.self(), engine, &counts, &error) != TGT_OK) return;
  stage_.board.Examine(kLeak);
  if (counts.live_ops != 0)
    Report("ENG-5", "op alive after wait-all",
           std::to_string(counts.live_ops) + " ops are alive after everything was waited for");
}

// What a request did is told to its caller. So WaitForAll tells of the deleters alone.
void InferenceRemains::CheckDeleters(tgt_handle engine) {
  if (engine == 0) return;
  CheckOps(engine);
  int64_t threw = 0;
  for (const FiredFault& fault : stage_.injector.fired())
    threw += fault.site == "engine.var.deleter" && fault.fails();
  if (threw == 0 && told_failures_ == 0) return;
  stage_.board.Examine(kErrorExactness);
  if (threw == told_failures_) return;
  stage_.board.Report({.check = &kErrorExactness,
                       .contract = "ERR-9",
                       .what = "failures of deleters are not exact",
                       .title = "WaitForAll reported " + std::to_string(told_failures_) +
                                " failures, and faults fired in " + std::to_string(threw) +
                                " deleters"});
}

}  // namespace tenter
