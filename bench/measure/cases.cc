#include "bench/measure/cases.h"

#include <algorithm>
#include <utility>

#include "bench/program/programs.h"
#include "runtime/base/clock.h"

namespace tenter::bench {
namespace {

// Accesses per repetition when one op has many, so that a repetition stays short.
constexpr uint64_t kMostAccesses = 400'000;

// The size of a compiled model, about.
constexpr size_t kCapturedOps = 1000;

uint64_t OpsWith(const Options& options, uint64_t accesses) {
  return std::clamp<uint64_t>(kMostAccesses / accesses, 20, options.ops);
}

}  // namespace

std::vector<Case> BasicCases(const Options& options) {
  const size_t ops = options.ops;
  std::vector<Case> cases;
  cases.push_back({.workload = "independent", .program = Independent(ops)});
  cases.push_back({.workload = "chain", .program = Chains(ops, 1)});
  cases.push_back({.workload = "2 reads 1 write", .program = RandomSets(ops, 2, 64)});
  cases.push_back({.workload = "10 reads 1 write", .program = RandomSets(ops, 10, 100)});
  return cases;
}

std::vector<Case> CapturedCases(const Options& options) {
  const size_t ops = std::min<size_t>(options.ops, kCapturedOps);
  const uint64_t replays = std::max<uint64_t>(2, options.ops / ops);
  std::vector<Case> cases;
  cases.push_back({.workload = "captured chain", .program = Chains(ops, 1), .replays = replays});
  cases.push_back({.workload = "captured 2 reads 1 write",
                   .program = RandomSets(ops, 2, 64),
                   .replays = replays});
  return cases;
}

std::vector<Case> PusherCases(const Options& options) {
  std::vector<Case> cases;
  for (const int pushers : {1, 2, 8}) {
    // Eight sets of variables always, so that only the number of threads differs.
    cases.push_back({.workload = "pushers",
                     .parameters = {{"pushers", pushers}},
                     .program = Disjoint(options.ops, 8),
                     .pushers = pushers,
                     .engines_only = true});
  }
  return cases;
}

std::vector<Case> GrowthCases(const Options& options) {
  std::vector<Case> cases;
  for (const uint64_t live : {uint64_t{10}, uint64_t{1000}, options.live}) {
    cases.push_back({.workload = "live variables",
                     .parameters = {{"live", static_cast<double>(live)}},
                     .program = AmongLive(options.ops, static_cast<uint32_t>(live)),
                     .engines_only = true});
  }
  for (const uint32_t readers : {1u, 10u, 100u, 1000u}) {
    // Whole rounds, so that the share of writes is exact.
    const uint64_t rounds = std::max<uint64_t>(1, options.ops / (readers + 1));
    cases.push_back({.workload = "readers of one variable",
                     .parameters = {{"readers", readers}},
                     .program = ManyReaders(rounds * (readers + 1), readers),
                     .engines_only = true});
  }
  for (const uint32_t reads : {1u, 10u, 100u, 1000u}) {
    cases.push_back({.workload = "reads per op",
                     .parameters = {{"reads", reads}},
                     .program = ManyReads(OpsWith(options, reads + 1), reads),
                     .engines_only = true});
  }
  return cases;
}

std::vector<Case> TaskSizeCases(const Options& options) {
  std::vector<Case> cases;
  // Twice as many chains as workers: enough to be always busy, few enough to be real dependencies.
  const auto lanes = static_cast<uint32_t>(2 * options.workers);
  const auto most_ns = static_cast<int64_t>(options.most_task_us) * kNsPerUs;
  for (int64_t task_ns = 125; task_ns <= most_ns; task_ns *= 2) {
    const uint64_t ops = std::clamp<uint64_t>(
        options.task_ms * static_cast<uint64_t>(kNsPerMs) / static_cast<uint64_t>(task_ns),
        std::min<uint64_t>(64, options.ops), options.ops);
    const std::map<std::string, double> parameters = {{"task_ns", static_cast<double>(task_ns)}};
    cases.push_back({.workload = "metg independent",
                     .parameters = parameters,
                     .program = Independent(ops),
                     .task_ns = task_ns});
    cases.push_back({.workload = "metg chains",
                     .parameters = parameters,
                     .program = Chains(ops, lanes),
                     .task_ns = task_ns});
  }
  return cases;
}

}  // namespace tenter::bench
