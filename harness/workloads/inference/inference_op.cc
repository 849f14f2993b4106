#include "harness/workloads/inference/inference_op.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace tenter {
namespace {

constexpr std::array<std::string_view, TGT_WAYS> kWays = {"", "serial", "inline", "dataflow",
                                                          "direct"};

}  // namespace

Result<tgt_way> WayOf(const std::string& name, const tgt_target& table) {
  const auto way = std::find(kWays.begin(), kWays.end(), name) - kWays.begin();
  if (way == TGT_WAYS)
    return Status(StatusCode::kInvalidArgument,
                  "way '" + name + "' is none: serial, inline, dataflow, or empty");
  if (way != TGT_WAY_DEFAULT && (table.ways >> way & 1) == 0)
    return Status(StatusCode::kUnsupported,
                  "target " + std::string(table.name) + " runs no request in the way " + name);
  return static_cast<tgt_way>(way);
}

Status InferenceOp::Create(const Stage& stage, tgt_handle model, uint64_t in_flight_max,
                           tgt_error* refused) {
  const Parameters& p = stage.parameters;
  const tgt_target& table = stage.target.table();
  tgt_error& error = *refused;
  if (table.groups & TGT_ENGINE) {
    const tgt_engine_options options{static_cast<int32_t>(p.Int("workers")), 0};
    TENTER_RETURN_IF_ERROR(SetUp(
        table.engine_create(stage.target.self(), &options, engine.out(), &error), error, "engine"));
  }
  tgt_cached_op_options options = {};
  options.thread_safe = p.Flag("thread_safe") ? 1 : 0;
  options.refuse_when_full = p.Flag("refuse_when_full") ? 1 : 0;
  options.reference_kernels = p.Flag("reference_kernels") ? 1 : 0;
  TENTER_ASSIGN_OR_RETURN(options.way, WayOf(p.Text("way"), table));
  options.in_flight_max = in_flight_max;
  options.batch_max = static_cast<uint64_t>(p.Int("batch"));
  options.intra_op = static_cast<uint64_t>(p.Int("intra_op"));
  options.grain = static_cast<uint64_t>(p.Int("grain"));
  // Room for every signature, so that none has to be compiled a second time.
  options.plans_max = static_cast<uint64_t>(std::max<int64_t>(16, p.Int("shape_variants")));
  return SetUp(
      table.cached_op_create(stage.target.self(), engine.get(), model, &options, op.out(), &error),
      error, "cached op");
}

}  // namespace tenter
