// Recorded: the ops that a captured program holds. Each runs with each of its replays.
//
// Path: History -> RecordedIn -> Reports; JudgeReplays -> Judge.
//
// Thread safety: pure.
#pragma once

#include <optional>
#include <vector>

#include "fuzz/api/run/history.h"
#include "fuzz/process/finding.h"

namespace tenter::fuzz::api {

struct Recorded {
  std::vector<const Answer*> ops;  // the records; those that it may hold where that is not known
  bool is_known = true;            // no record or capture overlapped with the capture
  bool is_ordered = true;          // nor a record with another one
};

Recorded RecordedIn(const History& history, uintptr_t program);

// That its ops run with each replay, by the numbers that it answers.
std::optional<Finding> JudgeReplays(const History& history);
// The same of ops that were pushed.
std::optional<Finding> JudgeNumbers(const History& history);

}  // namespace tenter::fuzz::api
