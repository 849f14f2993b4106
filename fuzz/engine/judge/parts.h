// The parts of Judge: each compares one side of a case with the contracts, in a file of its own.
//
// Path: Judge -> the order of pushes -> what needs no model -> the model -> what does.
//
// Thread safety: pure, but for the findings of their case.
#pragma once

#include "fuzz/engine/judge/case.h"
#include "fuzz/engine/model/model.h"

namespace tenter::fuzz {

// judge_calls.cc: what push, delete, new and stop returned.
void JudgeCalls(const Case& c);
// What bulks told at their end, and whether what stood beside a refused op was pushed.
void JudgeBulks(const Case& c);
// When the var of an instance was surely, and when it may have been deleted.
bool SurelyDeleted(const Case& c, int instance, int64_t before);
bool MaybeDeleted(const Case& c, int instance, int64_t before);

// linearise.cc: the order in which the engine took the pushes, with what else the history alone
// tells of them: how racing ops ended, and with which codes ops may have been cancelled.
std::vector<Pushed> Linearise(const Case& c);
// The parts of it: what was accepted, without deletes, and whether push numbers rise with time.
std::vector<Pushed> AcceptedPushes(const Case& c);
void JudgeNumbers(const Case& c, const std::vector<Pushed>& by_number);

// judge_order.cc, judge_priorities.cc: who ran when.
void JudgeOrder(const Case& c, const std::vector<Pushed>& order);
void JudgeDeleters(const Case& c);
void JudgePriorities(const Case& c, const std::vector<Pushed>& order);

// judge_looks.cc: what a snapshot told of ops that waited or ran all the while.
void JudgeLooks(const Case& c, const std::vector<Pushed>& order);

// judge_cancels.cc: who ran although its scope was cancelled, what bodies were told, and deadlines
// of scopes.
void JudgeCancels(const Case& c, const std::vector<Pushed>& order);

// judge_deadlines.cc: who ran although its own deadline had surely passed, and who did although it
// is said to have ended that.
void JudgeLate(const Case& c, const std::vector<Pushed>& order);

// judge_outcome.cc, judge_vars.cc: who ran at all, values, poison, counts.
void JudgeRuns(const Case& c, const std::vector<Pushed>& order, const Expectation& expect);
void JudgeOutcome(const Case& c, const std::vector<Pushed>& order, const Expectation& expect);
void JudgeVars(const Case& c, const Expectation& expect);
void JudgeLeftovers(const Case& c);

// judge_failure.cc: compares a failure that somebody saw with the expected one.
void JudgeFailure(const Case& c, const FailureSeen& seen, const ExpectedFailure& expected,
                  const std::string& where);
// What FailureOf knew of the root failure that a wait threw (ERR-7). False when it knew nothing.
bool JudgeContext(const Case& c, const Expectation& expect, const VarSeen& seen,
                  const ExpectedFailure& root, const std::string& where);
bool Same(const Caught& seen, const ExpectedFailure& expected);
// ERR-11 where an op was cancelled and something else is said to have done it; else ERR-5.
const char* ContractOfException(const Caught& seen, const Caught& expected);

// judge_ends.cc.
// The versions of a var that a wait may tell of: that of the last write whose push had returned
// before the call, or of any later write whose push had begun before the wait returned. In a
// sequential program that is one.
struct Candidates {
  size_t first = 0, last = 0;
};
Candidates FindCandidates(const Case& c, const std::vector<Pushed>& order, int instance,
                          const Span& wait);
// ENG-6: every write pushed before the call has ended; `s` may wait for the ops of one scope.
// `instance` -1: every op.
void JudgeEnds(const Case& c, const std::vector<Pushed>& order, int instance, const Span& wait,
               const Statement& s);
// ENG-8: whether nothing more is to be judged, since the var is deleted; `refused`: the wait said
// so.
bool IsStale(const Case& c, int instance, const Span& wait, bool refused, const Statement& s);

// judge_waits.cc: what waits told, and when they returned.
void JudgeWaits(const Case& c, const std::vector<Pushed>& order, const Expectation& expect);

}  // namespace tenter::fuzz
