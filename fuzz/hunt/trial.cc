#include "fuzz/hunt/trial.h"

#include <algorithm>

#include "fuzz/hunt/suspect.h"
#include "fuzz/judge/judge.h"
#include "fuzz/process/child.h"
#include "fuzz/process/sanitizer.h"

namespace tenter::fuzz {

namespace {

// As RunCase, in every process that the program forks.
std::optional<Finding> RunHere(const Program& program, const Tools& tools, uint64_t round) {
  const int races = RacesReported();
  const History history = Execute(program, tools, round);
  std::vector<Finding> findings = Judge(program, history);
  if (findings.empty() && program.parity && program.failing_worker < 0) {
    Program naive = program;
    naive.workers = 0;
    const History reference = Execute(naive, tools, round);
    findings = Judge(naive, reference);
    if (findings.empty()) findings = JudgeParity(program, reference, history);
  }
  if (!findings.empty()) return findings.front();
  if (RacesReported() > races) return Finding{"ENG-1", "data race", "", round};
  return std::nullopt;
}

}  // namespace

std::optional<Finding> RunCase(const Program& program, const Tools& tools, uint64_t round) {
  Forks forks;
  Tools with_forks = tools;
  with_forks.forks = &forks;
  const std::optional<Finding> finding = RunHere(program, with_forks, round);
  if (forks.in_child()) forks.Tell(finding);
  std::optional<Finding> in_child = forks.Await(tools.watchdog->limit_ns());
  if (finding.has_value() || !in_child.has_value()) return finding;
  NameContract(program, &*in_child);
  return in_child;
}

std::optional<Finding> Try(const Program& program, const Limits& limits, uint64_t first_round) {
  std::optional<Finding> finding = RunInChild(
      [&](const Reporter& reporter) {
        Completers completers;
        Racers racers;
        Atomic<uint64_t> round = first_round;  // the watchdog's thread reads it
        Watchdog watchdog(limits.case_ns, [&](const std::string& engine) {
          reporter.Found({ContractOfHang(program), kHang, engine, round.Load(kRelaxed)});
        });
        // A program that was made smaller often waits in vain for a report, so that the patience
        // here is shorter than in a campaign.
        const Tools tools{&completers, &racers, &watchdog,
                          std::min(kNsPerSecond / 2, limits.case_ns / 6)};
        for (int i = 0; i < limits.rounds; ++i, round.FetchAdd(1, kRelaxed)) {
          auto found = RunCase(program, tools, round.Load(kRelaxed));
          if (!found.has_value()) continue;
          found->round = round.Load(kRelaxed);
          reporter.Found(*found);
        }
        if (FoundLeaks()) reporter.Found({"ENG-5", "leaked memory", "", round.Load(kRelaxed)});
        reporter.Clean();
      },
      limits.rounds * (limits.case_ns + kNsPerSecond) + 5 * kNsPerSecond);
  if (!finding.has_value() || !finding->contract.empty()) return finding;
  finding->round = first_round;  // it died before it could tell
  NameContract(program, &*finding);
  return finding;
}

Replayed Replay(const Program& program, int times, int most, int64_t case_limit_ms,
                const std::function<void(const Replayed&)>& step) {
  Replayed replayed;
  while (replayed.rounds < times && static_cast<int>(replayed.findings.size()) < most) {
    const auto finding = Try(program, {case_limit_ms * kNsPerMs, times - replayed.rounds},
                             static_cast<uint64_t>(replayed.rounds));
    replayed.rounds = finding.has_value() ? static_cast<int>(finding->round) + 1 : times;
    if (finding.has_value()) replayed.findings.push_back(*finding);
    step(replayed);
  }
  return replayed;
}

}  // namespace tenter::fuzz
