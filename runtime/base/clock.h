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

// Blocks the calling thread for `duration_ns`. For injected delays and for watchdogs only:
// nothing in the project orders threads by sleeping.
void SleepNs(int64_t duration_ns);

}  // namespace tenter
