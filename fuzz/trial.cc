#include "fuzz/trial.h"

namespace tenter::fuzz {

std::optional<Finding> RunCase(const Program& program, const Tools& tools, uint64_t round) {
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
  if (RacesReported() > races) return Finding{"ENG-1", "data race", ""};
  return std::nullopt;
}

std::optional<Finding> Try(const Program& program, const Limits& limits, uint64_t first_round) {
  std::optional<Finding> finding = RunInChild(
      [&](const Reporter& reporter) {
        Completers completers;
        Watchdog watchdog(limits.case_ns, [&](const std::string& engine) {
          reporter.Found({ContractOfHang(program), kHang, engine});
        });
        for (int round = 0; round < limits.rounds; ++round) {
          const auto found = RunCase(program, {&completers, &watchdog}, first_round + round);
          if (found.has_value()) reporter.Found(*found);
        }
        if (FoundLeaks()) reporter.Found({"ENG-5", "leaked memory", ""});
        reporter.Clean();
      },
      limits.rounds * (limits.case_ns + kNsPerSecond) + 5 * kNsPerSecond);
  if (finding.has_value() && finding->contract.empty())
    finding->contract = finding->kind == kHang ? ContractOfHang(program) : "ENG-4";
  return finding;
}

}  // namespace tenter::fuzz
