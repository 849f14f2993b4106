// Time as the project reads it: monotonic nanoseconds, never wall-clock time.
//
// Thread safety: any thread.
// Invariants: never goes back.
#pragma once

#include <cstdint>

namespace tenter {

inline constexpr int64_t kNsPerUs = 1000;
inline constexpr int64_t kNsPerMs = 1000 * 1000;
inline constexpr int64_t kNsPerSecond = 1000 * 1000 * 1000;

// Nanoseconds since an arbitrary start.
int64_t NowNs();

// When `timeout_ns` have passed since `begin_ns`. A time-out that is longer than a clock of 64 bits
// counts ends with that, and so never: the sum does not overflow, nor does a wait until then.
// REQUIRES: timeout_ns >= 0.
inline int64_t TimeAfter(int64_t begin_ns, int64_t timeout_ns) {
  constexpr int64_t kNever = int64_t{1} << 62;
  return timeout_ns < kNever - begin_ns ? begin_ns + timeout_ns : kNever;
}

// Blocks the calling thread for `duration_ns`. For injected delays and for watchdogs only:
// nothing in the project orders threads by sleeping.
void SleepNs(int64_t duration_ns);

}  // namespace tenter
