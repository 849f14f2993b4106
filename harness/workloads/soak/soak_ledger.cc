#include "harness/workloads/soak/soak_ledger.h"

#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "harness/checks/growth.h"
#include "runtime/base/clock.h"

namespace tenter {
namespace {

constexpr int64_t kBetweenLooksNs = 100 * kNsPerMs, kSettlesNs = 100 * kNsPerMs;
// What a steady process has now more, now less: stacks of ended threads, which the system keeps for
// the next ones, and what a target keeps of the last few calls. A thread or a descriptor may be
// made late, once.
constexpr int64_t kMappingsMost = 8, kBlocksMost = 64, kOthersMost = 2;
constexpr size_t kTold = 17;  // samples of a series: sixteen equal steps

}  // namespace

SoakLedger::SoakLedger(const Stage& stage, size_t rounds) : stage_(stage) {
  for (Series* series :
       {&memory_, &blocks_, &threads_, &descriptors_, &mappings_, &resident_, &untrimmed_, &busy_})
    series->samples.reserve(rounds);
#if defined(__GLIBC__)
  mallopt(M_ARENA_MAX, 1);
#endif
}

// Threads that were joined may take the kernel a moment to disappear.
ProcessCensus SoakLedger::Settled() const {
  const auto& had = threads_.samples;
  const int64_t deadline = NowNs() + kSettlesNs;
  ProcessCensus census = ProcessCensus::Now();
  while (!had.empty() && census.threads > had.back() && NowNs() < deadline) {
    SleepNs(kNsPerMs);
    census = ProcessCensus::Now();
  }
  return census;
}

void SoakLedger::AddQuiet() {
  untrimmed_.samples.push_back(Settled().anonymous_kb);
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
  const ProcessCensus census = ProcessCensus::Now();
  memory_.samples.push_back(census.anonymous_kb);
  resident_.samples.push_back(census.resident_kb);
  threads_.samples.push_back(census.threads);
  descriptors_.samples.push_back(census.descriptors);
  mappings_.samples.push_back(census.mappings);
  if (stage_.allocations != nullptr) blocks_.samples.push_back(stage_.allocations->live_blocks());
  busy_.samples.push_back(std::exchange(busy_kb_, 0));
  looked_ns_ = 0;
}

void SoakLedger::AddBusy() {
  if (NowNs() - looked_ns_ < kBetweenLooksNs) return;
  looked_ns_ = NowNs();
  busy_kb_ = std::max(busy_kb_, ProcessCensus::Now().anonymous_kb);
}

void SoakLedger::Judge() const {
  if (memory_.samples.size() < Growth::kSamplesAtLeast)
    stage_.board.NoPower(kLeak, "fewer than " + std::to_string(Growth::kSamplesAtLeast) +
                                    " rounds do not tell growth from chance");
  CheckMemory();
  if (!blocks_.samples.empty()) Check(blocks_, kBlocksMost);
  Check(threads_, kOthersMost);
  Check(descriptors_, kOthersMost);
  Expose("growth_kb", memory_);
  Expose("growth_blocks", blocks_);
  Expose("growth_threads", threads_);
  Expose("growth_descriptors", descriptors_);
  Expose("growth_mappings", mappings_);
  Expose("growth_resident_kb", resident_);
  Expose("growth_busy_kb", busy_);
  for (const Series* series :
       {&memory_, &blocks_, &threads_, &descriptors_, &mappings_, &resident_, &untrimmed_, &busy_})
    stage_.board.Tell(std::string(series->name), SeriesText(series->samples, kTold));
}

void SoakLedger::CheckMemory() const {
  const int64_t most = stage_.parameters.Int("growth_kb");
  if (most == 0)
    return;  // a sanitizer keeps what was freed, and maps notes of all that was touched
  Check(mappings_, kMappingsMost);
  Check(memory_, most);
  const double by_chance = GrowthOverLastHalf(memory_.samples).by_chance;
  if (std::isfinite(by_chance) && by_chance > 4 * static_cast<double>(most))
    stage_.board.NoPower(kLeak, "memory wandered so much that a growth by " +
                                    std::to_string(std::llround(by_chance)) +
                                    " kb could not be told from chance");
}

void SoakLedger::Check(const Series& series, int64_t most) const {
  stage_.board.Examine(kLeak, series.samples.size());
  const Growth growth = GrowthOverLastHalf(series.samples);
  const std::string name(series.name), may_be = std::to_string(most);
  if (!growth.Exceeds(static_cast<double>(most))) return;
  stage_.board.Report(
      {.check = &kLeak,
       .contract = series.contract,
       .what = name + " grow",
       .title = std::to_string(std::llround(growth.over_half)) + " " + name +
                " were added over the last half of a long run; up to " + may_be + " may be",
       .detail = "At the end of each round, when every thread had ended and every model but one "
                 "was freed:\n" +
                 SeriesText(series.samples),
       .evidence = {{"rounds", std::to_string(series.samples.size())}}});
}

void SoakLedger::Expose(const char* name, const Series& series) const {
  stage_.board.Expose(name, std::llround(GrowthOverLastHalf(series.samples).over_half));
}

}  // namespace tenter
