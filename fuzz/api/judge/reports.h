// Reports: each failure of an engine or of a scope is told to one wait on it, the oldest first.
//
// Path: History and Lives -> Reports -> Judge.
//
// What a wait should tell is worked out from the calls alone: those that had ended before it began
// count surely, those that overlap with it may. With one thread nothing overlaps, so that the count
// is exact.
//
// Thread safety: pure.
#pragma once

#include <optional>

#include "fuzz/api/judge/lives.h"
#include "fuzz/api/run/history.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz::api {

std::optional<Finding> JudgeReports(const History& history, const Lives& lives);

}  // namespace tenter::fuzz::api
