#include "fuzz/frame/campaign.h"

#include <algorithm>
#include <utility>

#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

constexpr int64_t kBatchNs = kNsPerSecond;  // a child lives about so long

}  // namespace

std::optional<CampaignResult> RunCampaign(const Subject& subject, const CampaignOptions& options,
                                          const Watchers& watchers) {
  const SharedCounts shared;
  Counts* const counts = shared.get();
  const int64_t start = NowNs();
  const auto seconds = [start] {
    return static_cast<double>(NowNs() - start) / static_cast<double>(kNsPerSecond);
  };
  const int64_t end = start + static_cast<int64_t>(options.seconds * 1e9);
  std::optional<CampaignResult> result;
  while (NowNs() < end && !result.has_value()) {
    std::optional<Finding> finding = RunInChild(
        [&](const Reporter& reporter) {
          RunBatch(subject, options, std::min(end, NowNs() + kBatchNs), counts, reporter);
        },
        kBatchNs + 4 * options.case_limit_ms * kNsPerMs + 10 * kNsPerSecond);
    watchers.progress(*counts);
    if (!finding.has_value()) continue;
    const uint64_t number = counts->next_case.Load(kRelaxed);
    DrawnCase drawn = DrawCase(subject, options, number);
    if (finding->contract.empty()) finding->contract = subject.Suspect(drawn.program, *finding);
    result.emplace();
    result->found_after_s = seconds();
    result->original = std::move(drawn.program);
    result->property = drawn.property->contract;
    result->case_number = number;
    result->minimal = result->original;
    result->finding = *finding;
    watchers.found(*result);
    Minimal minimal =
        Minimise(subject, options, result->original, finding->kind, watchers.shrinking);
    result->minimal = std::move(minimal.program);
    result->came_back = minimal.came_back;
    result->tried = minimal.tried;
    if (minimal.came_back > 0) {
      result->finding = minimal.finding;
      result->finding.contract = subject.Diagnose(result->minimal, result->finding);
    }
    result->shrunk_after_s = seconds();
  }
  return result;
}

}  // namespace tenter::fuzz
