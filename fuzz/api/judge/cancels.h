// Cancels: scopes that were cancelled or had a deadline, and what their ops saw of that.
//
// Path: History -> TimeoutCodes, JudgeCancels -> Judge.
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

std::optional<Finding> JudgeCancels(const History& history);

}  // namespace tenter::fuzz::api
