#include "fuzz/frame/batch.h"

#include "fuzz/frame/trial.h"
#include "fuzz/process/sanitizer.h"
#include "runtime/base/clock.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz {
namespace {

constexpr uint64_t kCasesPerLeakCheck = 64;
constexpr int64_t kPatienceNs = kNsPerSecond / 2;

}  // namespace

DrawnCase DrawCase(const Subject& subject, const CampaignOptions& options, uint64_t case_number) {
  const Property* property = options.properties[case_number % options.properties.size()];
  // Mixed first: of small seeds the cases of one would be those of the next, a few numbers later.
  const uint64_t seed = CombineHash(Mix64(options.seed), case_number);
  return {subject.Draw(*property, options.draw, seed), property};
}

void RunBatch(const Subject& subject, const CampaignOptions& options, int64_t until_ns,
              Counts* counts, const Reporter& reporter) {
  std::string program;
  Watchdog watchdog(options.case_limit_ms * kNsPerMs, [&](const std::string& said) {
    reporter.Found(Suspected(subject, program, kHang, said));
  });
  const auto rig = subject.MakeRig(&watchdog, kPatienceNs);
  do {
    const uint64_t number = counts->next_case.Load(kRelaxed);
    program = DrawCase(subject, options, number).program;
    subject.Count(program,
                  [&](size_t what, uint64_t n) { counts->counts[what].FetchAdd(n, kRelaxed); });
    const auto finding = RunOnce(subject, *rig, program, 0);
    if (finding.has_value()) reporter.Found(*finding);
    if (number % kCasesPerLeakCheck == 0 && FoundLeaks())
      reporter.Found(Suspected(subject, program, kLeaked));
    counts->next_case.Store(number + 1, kRelaxed);
  } while (NowNs() < until_ns);
  reporter.Clean();
}

}  // namespace tenter::fuzz
