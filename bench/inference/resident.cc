#include "bench/inference/resident.h"

#include <fstream>

#include "runtime/base/status.h"

namespace tenter::bench {
namespace {

Status Unreadable(const std::string& path) {
  return {StatusCode::kNotFound, "cannot read " + path};
}

}  // namespace

double OfStatus(const std::string& field) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(field + ":")) return 1024.0 * std::stod(line.substr(field.size() + 1));
  throw StatusError(Unreadable(field + " in /proc/self/status"));
}

void ResetPeak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  if (!file) throw StatusError(Unreadable("/proc/self/clear_refs"));
}

}  // namespace tenter::bench
