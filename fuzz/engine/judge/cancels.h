// Cancels: what may have cancelled an op, and when: its scope, the deadline of that, or a stop.
//
// Path: History -> CancelsOf -> Linearise (with which codes), JudgeCancels (who, and when).
//
// Thread safety: pure.
#pragma once

#include <cstdint>
#include <vector>

#include "fuzz/engine/judge/case.h"

namespace tenter::fuzz {

struct Cancels {
  // Nothing cancels the op before `first_begin`; when `first_end` has passed, something surely has.
  int64_t first_begin = INT64_MAX, first_end = INT64_MAX;
};

// `push`: a push, with the scope in which it is. Stops do not count for `of_scope_only`.
Cancels CancelsOf(const Case& c, const Statement& push, bool of_scope_only);

// The codes with which the op may have been cancelled, kStopped first. Of a scope that is cancelled
// and has a deadline, the first of both gives the code.
std::vector<StatusCode> CancelCodes(const Case& c, const Statement& push);

}  // namespace tenter::fuzz
