// ModelOptions: the command line of model_bench and sharing_bench. People use `./tenter bench
// model` and `./tenter bench sharing`.
//
// Thread safety: a plain value.
// Ownership and lifetime: owns its strings.
// Invariants: the numbers are positive, but for the seed and the first round.
// Errors: ParseModelOptions returns kInvalidArgument with one line.
#pragma once

#include <cstdint>
#include <string>

#include "bench/model/model_file.h"
#include "runtime/base/status.h"

namespace tenter::bench {

struct ModelOptions {
  std::string part = "latency";
  std::string name = "model";  // of the model, for the results
  std::string contender;       // only the one of this name; empty: all
  std::string json = "-";
  std::string onnxruntime, openvino;  // paths of libraries, or empty
  bool peers = true;
  // A contender that is wrong, "other" or "changing"; of sharing_bench "swapped"; or empty.
  std::string planted;
  ModelFile model;
  uint64_t seed = 1;
  uint64_t repeats = 15;     // blocks per contender
  uint64_t first_round = 0;  // their number; a second process goes on where the first one ended
  uint64_t block_ms = 100;   // how long one lasts
  uint64_t clients = 8;
  uint64_t rate = 100;  // per second, open loop
  uint64_t threads = 1;
  uint64_t sets = 4;  // of inputs
};

Result<ModelOptions> ParseModelOptions(int argc, char** argv);

}  // namespace tenter::bench
