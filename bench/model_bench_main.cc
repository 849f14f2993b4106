// model_bench: one part of the benchmark of a model in one process; raw results as JSON. `./tenter
// bench model` runs all parts and judges.
//
// Parts: latency (one client, closed loop), clients (several at once), open (at a given rate), load
// (time and memory until a model answers; one contender, alone in its process), profile (what each
// node takes, as each contender tells it). Ends with 1 when somebody answered wrongly: then there
// is no figure.
#include <cstdio>
#include <exception>
#include <map>
#include <string_view>

#include "bench/inference/load.h"
#include "bench/inference/loops.h"
#include "bench/inference/profile.h"
#include "bench/measure/build_facts.h"

namespace tenter::bench {
namespace {

void Measure(const ModelOptions& options, Results& results) {
  const std::map<std::string_view, std::vector<Row> (*)(Field&, const ModelOptions&)> loops = {
      {"latency", MeasureLatency}, {"clients", MeasureClients}, {"open", MeasureOpenLoop}};
  if (options.part == "load") {
    results.rows = MeasureLoad(options, results);
    return;
  }
  const auto loop = loops.find(options.part);
  if (loop == loops.end() && options.part != "profile")
    throw StatusError({StatusCode::kInvalidArgument, "unknown part '" + options.part + "'"});
  const bool one = options.part == "latency" || options.part == "profile";
  const Setup setup{.threads = static_cast<int>(options.threads),
                    .clients = one ? 1 : static_cast<int>(options.clients)};
  Field field(options, setup, Contenders(options, results), results);
  results.rows = loop == loops.end()
                     ? MeasureProfile(field, options, ProfiledContenders(field, options), results)
                     : loop->second(field, options);
}

int Main(int argc, char** argv) {
  const Result<ModelOptions> options = ParseModelOptions(argc, argv);
  if (!options.ok()) {
    std::fprintf(stderr, "model_bench: %s\n", options.status().message().c_str());
    return 2;
  }
  try {
    Results results{.part = options->name, .facts = BuildFacts()};
    Measure(*options, results);
    const Status written = results.WriteJson(options->json);
    if (written.ok()) return 0;
    std::fprintf(stderr, "model_bench: %s\n", written.message().c_str());
  } catch (const WrongAnswer& wrong) {
    std::fprintf(stderr, "wrong answer: %s\n", wrong.what());
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "model_bench: %s\n", error.what());
  }
  return 70;
}

}  // namespace
}  // namespace tenter::bench

int main(int argc, char** argv) { return tenter::bench::Main(argc, argv); }
