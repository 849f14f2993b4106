// Timeouts: the deadlines of ops and scopes, as times from the moment they are set; how long bodies
// last, and callbacks stay.
//
// Thread safety: constants, and pure functions.
#pragma once

#include <cstdint>

#include "fuzz/engine/program/statement.h"
#include "runtime/base/clock.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz {

inline constexpr int64_t kSoonNs = 100 * kNsPerUs;      // of an op that holds its handle, or races
inline constexpr int64_t kLastingNs = 3 * kSoonNs;      // of a body for which others wait
inline constexpr int64_t kFarNs = 3600 * kNsPerSecond;  // does not pass

// Of an op with a short deadline. A recorded one has more time: then a wait often shows that it has
// failed before that was over, with the deadline of an earlier replay.
inline int64_t ShortDeadlineNs(const Statement& push) {
  return push.program == 0 ? kSoonNs : 10 * kSoonNs;
}

// Of a scope whose deadline comes while its ops run: other times in each round.
inline int64_t ScopeTimeoutNs(uint64_t seed, size_t statement) {
  return 10 * kNsPerUs +
         static_cast<int64_t>(CombineHash(seed, statement) % static_cast<uint64_t>(2 * kSoonNs));
}

// How long a callback that has woken a body stays: in half of the rounds longer than a thread needs
// to wake.
inline int64_t WakeStayNs(uint64_t seed, size_t statement) {
  return CombineHash(seed, statement) % 2 == 0 ? 0 : 300 * kNsPerUs;
}

}  // namespace tenter::fuzz
