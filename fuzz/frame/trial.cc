#include "fuzz/frame/trial.h"

#include <algorithm>

#include "fuzz/frame/counts.h"
#include "fuzz/process/sanitizer.h"
#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

constexpr int kFirstRounds = 256, kMostRounds = 1 << 20;
constexpr int64_t kStepNs = kNsPerSecond / 2;

}  // namespace

Finding Suspected(const Subject& subject, const std::string& program, const char* kind,
                  const std::string& said, uint64_t round) {
  Finding finding{"", kind, said, round};
  finding.contract = subject.Suspect(program, finding);
  return finding;
}

std::optional<Finding> RunOnce(const Subject& subject, Rig& rig, const std::string& program,
                               uint64_t round) {
  const int races = RacesReported();
  std::optional<Finding> finding = rig.Run(program, round);
  // What is wrong besides may come of it, and of the report: that leaves descriptors open.
  if (RacesReported() > races) finding = Suspected(subject, program, kDataRace, "", round);
  return finding;
}

std::optional<Finding> Try(const Subject& subject, const std::string& program, const Limits& limits,
                           uint64_t first_round) {
  const SharedCounts shared;
  Atomic<uint64_t>& round = shared.get()->next_case;  // the watchdog's thread reads it, too
  round.Store(first_round, kRelaxed);
  std::optional<Finding> finding = RunInChild(
      [&](const Reporter& reporter) {
        Watchdog watchdog(limits.case_ns, [&](const std::string& said) {
          reporter.Found(Suspected(subject, program, kHang, said, round.Load(kRelaxed)));
        });
        // A program that was made smaller often waits in vain for a report, so that the patience
        // here is shorter than in a campaign.
        const auto rig = subject.MakeRig(&watchdog, std::min(kNsPerSecond / 2, limits.case_ns / 6));
        for (int i = 0; i < limits.rounds; ++i, round.FetchAdd(1, kRelaxed)) {
          auto found = RunOnce(subject, *rig, program, round.Load(kRelaxed));
          if (!found.has_value()) continue;
          found->round = round.Load(kRelaxed);
          reporter.Found(*found);
        }
        if (FoundLeaks())
          reporter.Found(Suspected(subject, program, kLeaked, "", round.Load(kRelaxed) - 1));
        reporter.Clean();
      },
      limits.rounds * (limits.case_ns + kNsPerSecond) + 5 * kNsPerSecond);
  if (!finding.has_value() || !finding->contract.empty()) return finding;
  finding->round = round.Load(kRelaxed);  // it died before it could tell
  finding->contract = subject.Suspect(program, *finding);
  return finding;
}

Replayed Replay(const Subject& subject, const std::string& program, int times, int most,
                int64_t case_limit_ms, const std::function<void(const Replayed&)>& step) {
  Replayed replayed;
  // A process of its own for so many: few enough that whoever waits sees how far it is.
  int rounds = kFirstRounds;
  while (replayed.rounds < times && static_cast<int>(replayed.findings.size()) < most) {
    const int now = std::min(rounds, times - replayed.rounds);
    const int64_t begin_ns = NowNs();
    const auto finding = Try(subject, program, {case_limit_ms * kNsPerMs, now},
                             static_cast<uint64_t>(replayed.rounds));
    if (NowNs() - begin_ns < kStepNs) rounds = std::min(2 * rounds, kMostRounds);
    replayed.rounds =
        finding.has_value() ? static_cast<int>(finding->round) + 1 : replayed.rounds + now;
    if (finding.has_value()) replayed.findings.push_back(*finding);
    step(replayed);
  }
  return replayed;
}

}  // namespace tenter::fuzz
