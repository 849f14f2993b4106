#include "bench/inference/load.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "bench/inference/field.h"
#include "runtime/base/clock.h"

namespace tenter::bench {
namespace {

constexpr int kMore = 20;  // answers until the memory is called steady

Status Unreadable(const std::string& path) {
  return {StatusCode::kNotFound, "cannot read " + path};
}

// A field of /proc/self/status, in bytes.
double OfStatus(const std::string& field) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(field + ":")) return 1024.0 * std::stod(line.substr(field.size() + 1));
  throw StatusError(Unreadable(field + " in /proc/self/status"));
}

// From here on the highest number of resident pages is counted anew.
void ResetPeak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  if (!file) throw StatusError(Unreadable("/proc/self/clear_refs"));
}

// Brings the file into the memory of the system, and not into that of the process.
double ReadOnce(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw StatusError(Unreadable(path));
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
