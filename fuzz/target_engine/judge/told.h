// Told: what waits of a target told of failures, compared with what the model says of them.
//
// EVERY_WAIT: each wait for a failed var tells of its root. ONCE: one wait does; from then on any
// wait for a var that this failure reached may succeed, and the same var tells of it no more.
// NOT_AT_ALL: no wait for a var fails. What waits for all tell of is each root once; what has been
// told under ONCE, and everything under NOT_AT_ALL, may be left out.
//
// Path: Judge -> JudgeTold.
//
// Thread safety: pure, but for the findings of their case.
#pragma once

#include <string>

#include "fuzz/engine/model/model.h"
#include "fuzz/target_engine/judge/order.h"
#include "fuzz/target_engine/run/history.h"

namespace tenter::fuzz::target_engine {

// A case of a target, with one choice of what was cancelled.
struct ToldCase {
  const Case& c;
  const TargetHistory& history;
  const Promises& promises;
  const Order& order;
  const Expectation& expect;
};

// judge_failure.cc: the op that an answer names, as the number of its push in the order; 0: none.
uint64_t NumberOf(const ToldCase& t, const Answer& answer);
// Whether the answer tells of this failure, and rightly.
bool TellsOf(const ToldCase& t, const Answer& answer, const ExpectedFailure& failure);
// What it tells wrongly of the failure of the op that it names.
void JudgeFailure(const ToldCase& t, const Answer& answer, const ExpectedFailure& failure,
                  const std::string& where);
std::string TextOf(const Answer& answer);

// judge_var_waits.cc (ERR-1 to ERR-5, ERR-7).
void JudgeVarWaits(const ToldCase& t);
// judge_all_waits.cc (ERR-6, ERR-7).
void JudgeAllWaits(const ToldCase& t);

}  // namespace tenter::fuzz::target_engine
