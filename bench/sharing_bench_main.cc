// sharing_bench: one way in which callers share a model, with one number of requests in flight, in
// one process; raw results as JSON. `./tenter bench sharing` runs all of them and judges.
//
// Parts are the ways: shared (one op), op_per_caller, model_per_caller, process_per_caller,
// onnxruntime and openvino (one session), onnxruntime_each and openvino_each; --clients is how many
// requests are in flight. --planted swapped: as if requests got one another's answers.
#include <cstdio>
#include <exception>

#include "bench/measure/build_facts.h"
#include "bench/sharing/sharing.h"

namespace tenter::bench {
namespace {

int Main(int argc, char** argv) {
  const Result<ModelOptions> options = ParseModelOptions(argc, argv);
  if (!options.ok()) {
    std::fprintf(stderr, "sharing_bench: %s\n", options.status().message().c_str());
    return 2;
  }
  try {
    Results results{.part = options->name, .facts = BuildFacts()};
    results.rows = MeasureSharing(*options, results);
    const Status written = results.WriteJson(options->json);
    if (written.ok()) return 0;
    std::fprintf(stderr, "sharing_bench: %s\n", written.message().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sharing_bench: %s\n", error.what());
  }
  return 70;
}

}  // namespace
}  // namespace tenter::bench

int main(int argc, char** argv) { return tenter::bench::Main(argc, argv); }
