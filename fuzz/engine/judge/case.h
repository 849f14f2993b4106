// Case: what a program saw, and where the parts of Judge report what is wrong with it.
//
// Thread safety: belongs to one Judge.
// Ownership and lifetime: borrows everything.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "fuzz/engine/history/history.h"
#include "fuzz/engine/model/pushed.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz {

struct Case {
  const Program& program;
  const History& history;
  std::vector<Finding>& findings;

  void Report(std::string contract, std::string kind, std::string detail) const {
    findings.push_back({std::move(contract), std::move(kind), std::move(detail), 0});
  }
  // Of pushes, beside those of the program, that the engine took and ran.
  uint64_t others_pushes() const {
    uint64_t pushes = history.crowd.pushes;
    for (const StatementSeen& seen : history.statements) pushes += seen.pushes;
    return pushes;
  }
  int instances() const { return static_cast<int>(history.final_vars.size()); }
  const Statement& statement(const Pushed& pushed) const {
    return program.statements[pushed.statement];
  }
  const StatementSeen& seen(const Pushed& pushed) const {
    return history.statements[pushed.statement];
  }
};

}  // namespace tenter::fuzz
