// Cancels: scopes that were cancelled or had a deadline, and what their ops saw of that.
//
// Path: History -> TimeoutCodes, JudgeCancels -> Judge; SurelyCancelled, MayBeCancelled ->
// Recorded.
//
// Thread safety: pure.
#pragma once

#include <optional>
#include <set>

#include "fuzz/api/run/history.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz::api {

// The codes that are right for a kScopeTimeout whose scope is alive.
std::set<tenter_code> TimeoutCodes(const History& history, const Answer& timeout);

// Whether something cancelled the ops of a push or a replay: surely, before it began; or perhaps.
bool SurelyCancelled(const History& history, const Answer& push);
bool MayBeCancelled(const History& history, const Answer& push);

std::optional<Finding> JudgeCancels(const History& history);

}  // namespace tenter::fuzz::api
