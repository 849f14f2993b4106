// Judge: compares what a program saw with what the contracts promise.
//
// Path: Program + History -> checks of pushes, order, outcome and waits -> Findings.
//
// Thread safety: pure.
// Ownership and lifetime: borrows program and history.
// Invariants: a correct engine gets no finding in any schedule: where the contracts leave a choice,
//   every legal choice is accepted. The kind of a finding does not depend on names, numbers or
//   time, so that a smaller program can be recognised as the same defect.
// Errors: none.
#pragma once

#include <string>
#include <vector>

#include "fuzz/history/history.h"
#include "fuzz/judge/finding.h"
#include "fuzz/judge/model.h"
#include "fuzz/program/program.h"

namespace tenter::fuzz {

// All findings, the most telling ones first.
std::vector<Finding> Judge(const Program& program, const History& history);

// ENG-11: the same program on the naive engine and on workers saw the same. Both histories of one
// sequential program.
std::vector<Finding> JudgeParity(const Program& program, const History& naive,
                                 const History& threaded);

// The parts of Judge, one file each.
struct Case {
  const Program& program;
  const History& history;
  std::vector<Finding>& findings;

  void Report(std::string contract, std::string kind, std::string detail) const {
    findings.push_back({std::move(contract), std::move(kind), std::move(detail), 0});
  }
  const Statement& statement(const Pushed& pushed) const {
    return program.statements[pushed.statement];
  }
  const StatementSeen& seen(const Pushed& pushed) const {
    return history.statements[pushed.statement];
  }
};
// judge_pushes.cc: what calls returned, and the order in which the engine took the pushes.
void JudgeCalls(const Case& c);
std::vector<Pushed> Linearise(const Case& c);
int InstanceCount(const History& history);
// Fills in how racing ops ended, by what was reported of them.
void NoteRaces(const Case& c, std::vector<Pushed>* order);
// When the var of an instance was surely, and when it may have been deleted.
bool SurelyDeleted(const Case& c, int instance, int64_t before);
bool MaybeDeleted(const Case& c, int instance, int64_t before);
// judge_order.cc: who ran when.
void JudgeOrder(const Case& c, const std::vector<Pushed>& order);
void JudgePriorities(const Case& c, const std::vector<Pushed>& order);
// judge_cancels.cc: who ran although its scope was cancelled, and what bodies were told.
void JudgeCancels(const Case& c, const std::vector<Pushed>& order);
// judge_outcome.cc: values, poison, counts.
void JudgeOutcome(const Case& c, const std::vector<Pushed>& order, const Expectation& expect);
void JudgeLeftovers(const Case& c);
// Compares a failure that somebody saw with the expected one.
void JudgeFailure(const Case& c, const FailureSeen& seen, const ExpectedFailure& expected,
                  const std::string& where);
bool Same(const Caught& seen, const Caught& expected);
// judge_waits.cc: what waits told, and when they returned.
void JudgeWaits(const Case& c, const std::vector<Pushed>& order, const Expectation& expect);

}  // namespace tenter::fuzz
