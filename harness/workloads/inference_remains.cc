#include "harness/workloads/inference_remains.h"

#include <string>

#include "runtime/base/rng.h"

namespace tenter {

void InferenceRemains::CheckParameters(tgt_handle model) {
  if (digest_ == 0)
    return stage_.board.NoPower(kHiddenWrite, "the target does not show its parameters");
  stage_.board.Examine(kHiddenWrite);
  if (DigestOfParameters(model) != digest_)
    stage_.board.Report({.check = &kHiddenWrite,
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

void InferenceRemains::CheckArenas(tgt_handle op) {
  tgt_error error = {};
  tgt_footprint footprint = {};
  if (table_.footprint == nullptr ||
      table_.footprint(stage_.target.self(), op, &footprint, &error) != TGT_OK)
    return;
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

void InferenceRemains::CheckOps(tgt_handle engine) {
  tgt_error error = {};
  tgt_engine_counts counts = {};
  size_t failures = 0;
  if (table_.wait_for_all(stage_.target.self(), engine, nullptr, 0, &failures, &error) != TGT_OK ||
      table_.engine_counts(stage_.target.self(), engine, &counts, &error) != TGT_OK)
    return;
  stage_.board.Examine(kLeak);
  if (counts.live_ops != 0)
    stage_.board.Report({.check = &kLeak,
                         .what = "op alive after wait-all",
                         .title = std::to_string(counts.live_ops) +
                                  " ops are alive after everything was waited for"});
}

}  // namespace tenter
