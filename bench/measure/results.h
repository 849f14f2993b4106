// Row and Results: what was measured, raw: one series per quantity with a value per repetition, and
// profiles where they were asked for. The driver makes minimum, median and verdicts of it.
//
// Thread safety: plain values.
// Ownership and lifetime: own everything.
// Invariants: every series of a row has as many values as there were repetitions.
// Errors: WriteJson returns a Status.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/contender/contender.h"
#include "bench/measure/node_time.h"
#include "runtime/base/status.h"

namespace tenter::bench {

struct Row {
  std::string workload;
  std::map<std::string, double> parameters = {};  // what tells rows of one workload apart
  std::string contender = {};
  uint64_t ops = 0;       // per repetition
  uint64_t executed = 0;  // counted by the ops themselves, over all repetitions
  std::map<std::string, std::vector<double>> series = {};
};

struct Results {
  std::string part;
  std::map<std::string, std::string> facts = {};  // compiler, build, options
  std::vector<Description> contenders = {};       // also those that are absent, with the reason
  std::vector<Row> rows = {};
  std::vector<Profile> profiles = {};

  // Writes to the file, or to stdout when the path is "-".
  Status WriteJson(const std::string& path) const;
};

}  // namespace tenter::bench
