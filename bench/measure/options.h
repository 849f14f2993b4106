// Options: the command line of the benchmark programs. People use `./tenter bench`.
//
// Thread safety: a plain value.
// Ownership and lifetime: owns its strings.
// Invariants: the numbers are positive.
// Errors: ParseOptions returns kInvalidArgument with one line.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/status.h"

namespace tenter::bench {

struct Options {
  std::string part = "threads";
  std::string filter;      // only workloads whose name holds this text
  std::string json = "-";  // where the results go
  std::string mxnet;       // path of libmxnet.so, or empty
  bool peers = true;
  uint64_t ops = 20000;  // per repetition
  uint64_t repeats = 9;
  uint64_t workers = 2;
  uint64_t task_ms = 10;        // METG: how long the tasks of one measurement take one core
  uint64_t most_task_us = 128;  // METG: where the sweep ends
  uint64_t live = 100000;       // growth and memory: variables alive at once

  bool Wants(const std::string& workload) const {
    return workload.find(filter) != std::string::npos;
  }
};

Result<Options> ParseOptions(int argc, char** argv);

}  // namespace tenter::bench
