// policy_bench: skip or run the dependents of a failed op: what each costs and wastes, as JSON.
// `./tenter bench policies` makes the report of it.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <utility>

#include "bench/measure/build_facts.h"
#include "bench/policy/policy.h"
#include "bench/program/programs.h"

namespace tenter::bench {
namespace {

constexpr uint32_t kPipelines = 64;
constexpr uint32_t kLayers = 10, kWidth = 4;

std::vector<std::pair<std::string, Program>> Shapes(const Options& options) {
  const size_t ops = options.ops;
  const size_t networks = std::max<size_t>(1, ops / (kLayers * kWidth));
  std::vector<std::pair<std::string, Program>> shapes;
  shapes.emplace_back("independent", Independent(ops));
  shapes.emplace_back("64 pipelines", Pipelines(ops, kPipelines));
  shapes.emplace_back("networks of 10 layers", Layered(networks, kLayers, kWidth));
  shapes.emplace_back("random 2 reads 1 write", RandomSets(ops, 2, 64));
  return shapes;
}

Results Run(const Options& options) {
  Results results{.part = "policies", .facts = BuildFacts()};
  results.facts["workers"] = std::to_string(options.workers);
  results.contenders = {{"skip", "kSkipDependents", ""}, {"run", "kRunDependents", ""}};
  for (const auto& [shape, program] : Shapes(options)) {
    if (!options.Wants(shape)) continue;
    std::fprintf(stderr, "%s\n", shape.c_str());
    for (const int64_t task_ns : {0, 1000, 10000}) {
      for (const double percent : {0.0, 0.1, 1.0, 10.0}) {
        for (Row& row : MeasurePolicies({shape, &program, percent, task_ns}, options)) {
          results.rows.push_back(std::move(row));
        }
      }
    }
  }
  return results;
}

int Main(int argc, char** argv) {
  const Result<Options> options = ParseOptions(argc, argv);
  if (!options.ok()) {
    std::fprintf(stderr, "policy_bench: %s\n", options.status().message().c_str());
    return 2;
  }
  try {
    const Status written = Run(*options).WriteJson(options->json);
    if (written.ok()) return 0;
    std::fprintf(stderr, "policy_bench: %s\n", written.message().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "policy_bench: %s\n", error.what());
  }
  return 70;
}

}  // namespace
}  // namespace tenter::bench

int main(int argc, char** argv) { return tenter::bench::Main(argc, argv); }
