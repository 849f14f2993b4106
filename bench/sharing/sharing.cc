#include "bench/sharing/sharing.h"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "bench/inference/field.h"
#include "bench/model/our_model.h"
#include "bench/sharing/arrangement.h"
#include "bench/sharing/processes.h"
#include "runtime/base/clock.h"

namespace tenter::bench {
namespace {

Row RowOf(const ModelOptions& options, double threads, bool ahead, double processes,
          const Block& block, Results& results) {
  Row row{.workload = "sharing",
          .parameters = {{"in_flight", static_cast<double>(options.clients)},
                         {"threads", threads},
                         {"ahead", ahead ? 1.0 : 0.0},
                         {"processes", processes}},
          .contender = options.part,
          .ops = 1,
          .executed = block.latencies.size()};
  row.series = {{"peak_bytes", {block.peak}},
                {"steady_bytes", {block.now}},
                {"mapped_bytes", {block.mapped}},
                {"setup_ns", {static_cast<double>(block.setup_ns)}},
                {"p50_ns", {block.Quantile(0.5)}},
                {"p99_ns", {block.Quantile(0.99)}},
                {"per_s", {block.per_s()}},
                {"unanswered", {static_cast<double>(block.unanswered)}},
                {"mismatches", {static_cast<double>(block.mismatches)}}};
  if (block.mismatches > 0)
    results.facts["mismatch: " + options.part + ", " + std::to_string(options.clients) +
                  " in flight"] = block.mismatch;
  return row;
}

bool NoRoom(const std::exception& error) {
  const auto* told = dynamic_cast<const StatusError*>(&error);
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
         (told != nullptr && told->status().code() == StatusCode::kResourceExhausted);
}

// Of ours, whether the error says that it does not know the model.
bool Unknown(const std::exception& error) {
  return MakesAbsent(*MakeOurModel(Sharing::kConfined), error);
}

}  // namespace

std::vector<Row> MeasureSharing(const ModelOptions& options, Results& results) {
  const Inputs inputs = Inputs::Make(options.model.inputs, options.sets, options.seed);
  const auto told = [&](const std::string& title, const std::string& absent) {
    results.contenders.push_back(DescriptionOf(options.part, title, absent));
  };
  std::unique_ptr<Arrangement> arrangement;
  try {
    if (options.part == kProcesses) {
      const Block block = MeasureProcesses(options, inputs);
      told("", "");
      return {RowOf(options, 0, false, static_cast<double>(options.clients), block, results)};
    }
    Result<std::unique_ptr<Arrangement>> made = Arrangement::Make(options.part, options);
    if (!made.ok() && made.status().code() == StatusCode::kInvalidArgument)
      throw StatusError(made.status());
    if (!made.ok()) {
      told("", made.status().message());
      return {};
    }
    arrangement = std::move(made).value();
    const Block block = MeasureBlock(*arrangement, options, inputs, [] {});
    told(arrangement->contender().description().title, "");
    return {RowOf(options, static_cast<double>(arrangement->callers()), arrangement->ahead(), 1,
                  block, results)};
  } catch (const std::exception& error) {
    const bool absent = arrangement != nullptr ? MakesAbsent(arrangement->contender(), error)
                                               : options.part == kProcesses && Unknown(error);
    if (!absent && !NoRoom(error)) throw;
    told(arrangement != nullptr ? arrangement->contender().description().title : "", error.what());
    return {};
  }
}

}  // namespace tenter::bench
