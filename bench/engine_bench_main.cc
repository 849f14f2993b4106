// engine_bench: one part of the engine benchmark in one process; raw results as JSON. `./tenter
// bench engine` runs all parts and judges.
//
// Parts: threads (everything with workers), one_worker (round trips), naive (workers = 0, against
// MXNet's NaiveEngine), c_api (our engine from C++ and from C), memory. A process each, because
// MXNet reads its kind of engine once, and because pages that one part freed would hide what the
// next one allocates.
#include <cstdio>
#include <exception>
#include <utility>

#include "bench/contender/c_api.h"
#include "bench/contender/mutex_pool.h"
#include "bench/contender/mxnet_peer.h"
#include "bench/contender/our_engine.h"
#include "bench/contender/plain_calls.h"
#include "bench/contender/tbb_peers.h"
#include "bench/measure/build_facts.h"
#include "bench/measure/cases.h"
#include "bench/measure/memory.h"
#include "runtime/base/clock.h"

namespace tenter::bench {
namespace {

constexpr int64_t kRestNs = 500 * kNsPerUs;

class Bench {
 public:
  Bench(const Options& options, int workers) : options_(options), workers_(workers) {
    results_.part = options.part;
    results_.facts = BuildFacts();
    Join(MakeOurEngine(workers));
    if (options.part == "c_api") {
      Join(MakeCApi(workers));
      return;
    }
    if (options.peers) AddPeers();
    Join(std::make_unique<PlainCalls>());
  }

  void Run(std::vector<Case> cases) {
    for (const Case& one : cases) {
      if (!options_.Wants(one.workload)) continue;
      std::fprintf(stderr, "%s\n", one.workload.c_str());
      Keep(MeasureCase(one, borrowed_, options_.repeats));
    }
  }

  void RoundTrips(const std::string& workload, uint64_t trips, int64_t rest_ns) {
    if (!options_.Wants(workload)) return;
    std::fprintf(stderr, "%s\n", workload.c_str());
    Keep(MeasureRoundTrips(workload, borrowed_, trips, options_.repeats, rest_ns));
  }

  void Keep(std::vector<Row> rows) {
    for (Row& row : rows) results_.rows.push_back(std::move(row));
  }

  const Results& results() const { return results_; }

 private:
  void AddPeers() {
    Result<ContenderPtr> mxnet = MakeMxnetPeer({.library = options_.mxnet, .workers = workers_});
    if (mxnet.ok()) {
      Join(std::move(mxnet).value());
    } else {
      results_.contenders.push_back(MxnetAbsence(mxnet.status().message()));
    }
    if (workers_ == 0) return;  // the others have no engine without threads
    for (ContenderPtr& peer : MakeTbbPeers(workers_)) Join(std::move(peer));
    for (Description& absent : TbbAbsence()) results_.contenders.push_back(std::move(absent));
    Join(MakeMutexPool(workers_));
  }

  void Join(ContenderPtr contender) {
    results_.contenders.push_back(contender->description());
    borrowed_.push_back(contender.get());
    owned_.push_back(std::move(contender));
  }

  const Options& options_;
  const int workers_;
  std::vector<ContenderPtr> owned_;
  std::vector<Contender*> borrowed_;
  Results results_;
};

Results RunThreads(const Options& options) {
  Bench bench(options, static_cast<int>(options.workers));
  bench.Run(BasicCases(options));
  bench.Run(CapturedCases(options));
  bench.RoundTrips("round trip", options.ops / 10 + 1, 0);
  bench.RoundTrips("round trip after a rest", options.ops / 200 + 1, kRestNs);
  bench.Run(PusherCases(options));
  bench.Run(GrowthCases(options));
  bench.Run(TaskSizeCases(options));
  return bench.results();
}

Results RunPart(const Options& options) {
  if (options.part == "threads") return RunThreads(options);
  if (options.part == "memory") {
    Results results{.part = options.part, .facts = BuildFacts()};
    results.contenders.push_back({"tenter", "Tenter", ""});
    results.rows = MeasureMemory(options);
    return results;
  }
  if (options.part == "one_worker") {
    Bench bench(options, 1);
    bench.RoundTrips("round trip", options.ops / 10 + 1, 0);
    return bench.results();
  }
  if (options.part == "naive") {
    Bench bench(options, 0);
    bench.Run(BasicCases(options));
    bench.Run(CapturedCases(options));
    bench.RoundTrips("round trip", options.ops / 10 + 1, 0);
    return bench.results();
  }
  if (options.part == "c_api") {
    Bench bench(options, static_cast<int>(options.workers));
    bench.Run(BasicCases(options));
    bench.RoundTrips("round trip", options.ops / 10 + 1, 0);
    return bench.results();
  }
  throw StatusError({StatusCode::kInvalidArgument, "unknown part '" + options.part + "'"});
}

int Main(int argc, char** argv) {
  const Result<Options> options = ParseOptions(argc, argv);
  if (!options.ok()) {
    std::fprintf(stderr, "engine_bench: %s\n", options.status().message().c_str());
    return 2;
  }
  try {
    const Status written = RunPart(*options).WriteJson(options->json);
    if (written.ok()) return 0;
    std::fprintf(stderr, "engine_bench: %s\n", written.message().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "engine_bench: %s\n", error.what());
  }
  return 70;
}

}  // namespace
}  // namespace tenter::bench

int main(int argc, char** argv) { return tenter::bench::Main(argc, argv); }
