#include "bench/inference/load.h"

#include <fstream>
#include <iterator>
#include <string>

#include "bench/inference/field.h"
#include "bench/inference/resident.h"
#include "runtime/base/clock.h"

namespace tenter::bench {
namespace {

constexpr int kMore = 20;  // answers until the memory is called steady

// Brings the file into the memory of the system, and not into that of the process.
double ReadOnce(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw StatusError({StatusCode::kNotFound, "cannot read " + path});
  std::vector<char> buffer(1 << 16);
  double bytes = 0;
  while (file.read(buffer.data(), std::ssize(buffer)) || file.gcount() > 0)
    bytes += static_cast<double>(file.gcount());
  return bytes;
}

}  // namespace

std::vector<Row> MeasureLoad(const ModelOptions& options, Results& results) {
  const Inputs inputs = Inputs::Make(options.model.inputs, 1, options.seed);
  std::vector<ModelContenderPtr> made = Contenders(options, results);
  if (made.empty()) return {};
  ModelContender& contender = *made.front();
  Description description = contender.description();
  Row row{.workload = "load", .contender = description.name, .ops = 1, .executed = 1};
  row.series["file_bytes"] = {ReadOnce(options.model.path)};
  ResetPeak();
  const double before = OfStatus("VmRSS"), mapped_before = OfStatus("RssFile");
  try {
    const int64_t start = NowNs();
    contender.Load(options.model, {.threads = static_cast<int>(options.threads)});
    const int64_t loaded = NowNs();
    row.series["load_peak_bytes"] = {OfStatus("VmHWM") - before};
    const std::unique_ptr<ModelClient> client = contender.NewClient(inputs);
    const int64_t asked = NowNs();
    client->Infer(0);
    const int64_t answered = NowNs();
    row.series["peak_bytes"] = {OfStatus("VmHWM") - before};
    row.series["mapped_bytes"] = {OfStatus("RssFile") - mapped_before};
    for (int i = 0; i < kMore; ++i) client->Infer(0);
    row.series["steady_bytes"] = {OfStatus("VmRSS") - before};
    row.series["load_ns"] = {static_cast<double>(loaded - start)};
    row.series["first_ns"] = {static_cast<double>(answered - asked)};
  } catch (const std::exception& error) {
    if (!MakesAbsent(contender, error)) throw;
    description.absent = error.what();
  }
  contender.Unload();
  results.contenders.push_back(description);
  if (!description.absent.empty()) return {};
  return {row};
}

}  // namespace tenter::bench
