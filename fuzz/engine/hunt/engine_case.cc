#include "fuzz/engine/hunt/engine_case.h"

#include "fuzz/engine/hunt/suspect.h"
#include "fuzz/engine/judge/judge.h"

namespace tenter::fuzz {
namespace {

// As RunCase, in every process that the program forks.
std::optional<Finding> RunHere(const Program& program, const Tools& tools, uint64_t round) {
  const History history = Execute(program, tools, round);
  std::vector<Finding> findings = Judge(program, history);
  if (findings.empty() && program.parity && program.failing_worker < 0) {
    Program naive = program;
    naive.workers = 0;
    const History reference = Execute(naive, tools, round);
    findings = Judge(naive, reference);
    if (findings.empty()) findings = JudgeParity(program, reference, history);
  }
  if (findings.empty()) return std::nullopt;
  return findings.front();
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
  if (in_child->contract.empty()) in_child->contract = SuspectOf(program, *in_child);
  return in_child;
}

}  // namespace tenter::fuzz
