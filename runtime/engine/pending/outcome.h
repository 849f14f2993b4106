// Outcome: how an op ended; the same words in every engine (ENG-11).
//
// Path: a worker (or the turn of the naive engine) decides -> the body runs, or does not -> the end
// of the op.
//
// Thread safety: plain values.
// Ownership and lifetime: owns the exception.
#pragma once

#include "runtime/base/clock.h"
#include "runtime/engine/failure/failure.h"

namespace tenter {

enum class Decision {
  kRun,
  kSkip,    // an input is poisoned (ERR-3)
  kCancel,  // the engine stops, or the scope of the op was cancelled
  kLate,    // its deadline has passed
};

// `decision` and `place` have one size, so that both are written at once: read at once after two
// writes, they would wait for the cache.
struct Outcome {
  Decision decision = Decision::kRun;
  FailurePlace place = FailurePlace::kBody;
  Thrown thrown = {};  // empty: success, skipped, or cancelled
};

// Of an op with this time-out, when it is pushed at that time or now; 0: without a time-out, none.
inline int64_t DeadlineOf(int64_t timeout_ns, int64_t pushed_ns) {
  return timeout_ns > 0 ? TimeAfter(pushed_ns, timeout_ns) : 0;
}
inline int64_t DeadlineFromNow(int64_t timeout_ns) {
  return timeout_ns > 0 ? TimeAfter(NowNs(), timeout_ns) : 0;
}

inline bool HasPassed(int64_t deadline_ns) { return deadline_ns != 0 && NowNs() > deadline_ns; }

}  // namespace tenter
