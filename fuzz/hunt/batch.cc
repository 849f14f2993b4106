#include "fuzz/hunt/batch.h"

#include "fuzz/hunt/suspect.h"
#include "fuzz/hunt/trial.h"
#include "fuzz/process/sanitizer.h"
#include "runtime/base/clock.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz {
namespace {

constexpr uint64_t kCasesPerLeakCheck = 64;

}  // namespace

Program ProgramOfCase(const CampaignOptions& options, uint64_t case_number,
                      const Property** property) {
  const Property* chosen = options.properties[case_number % options.properties.size()];
  if (property != nullptr) *property = chosen;
  return GenerateProgram({chosen->profile, options.workers, options.most_ops},
                         CombineHash(options.seed, case_number));
}

void RunBatch(const CampaignOptions& options, int64_t until_ns, Counts* counts,
              const Reporter& reporter) {
  Program program;
  Completers completers;
  Racers racers;
  Watchdog watchdog(options.case_limit_ms * kNsPerMs, [&](const std::string& engine) {
    reporter.Found({ContractOfHang(program), kHang, engine, 0});
  });
  do {
    const uint64_t number = counts->next_case.Load(kRelaxed);
    program = ProgramOfCase(options, number, nullptr);
    CountCase(program, counts);
    const auto finding = RunCase(program, {&completers, &racers, &watchdog}, 0);
    if (finding.has_value()) reporter.Found(*finding);
    if (number % kCasesPerLeakCheck == 0 && FoundLeaks())
      reporter.Found({"ENG-5", "leaked memory", "", 0});
    counts->next_case.Store(number + 1, kRelaxed);
  } while (NowNs() < until_ns);
  reporter.Clean();
}

}  // namespace tenter::fuzz
