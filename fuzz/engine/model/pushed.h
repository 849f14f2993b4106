// Pushed: a push or delete that the engine accepted, with its place in the order of pushes.
//
// Thread safety: plain data, and pure functions.
// Ownership and lifetime: values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/engine/failure/failure.h"

namespace tenter::fuzz {

struct Pushed {
  uint64_t number = 0;
  size_t statement = 0;
  bool deletes = false;
  std::vector<int> reads, writes;  // instances, each once
  // Of an op that races: the place of the failure that was reported of it, which tells how it
  // ended; nothing when none was reported. Of one with a short deadline only that this ended it.
  std::optional<FailurePlace> raced = std::nullopt;
  // With which codes it may have been cancelled: kStopped, kDeadlineExceeded, or both.
  std::vector<StatusCode> cancel_codes = {};
};

inline bool Contains(const std::vector<int>& instances, int one) {
  return std::find(instances.begin(), instances.end(), one) != instances.end();
}
// It reads a var that it writes.
inline bool IsUpdate(const Pushed& p) {
  return std::any_of(p.reads.begin(), p.reads.end(),
                     [&](int instance) { return Contains(p.writes, instance); });
}
inline bool Uses(const Pushed& p, int instance) {
  return Contains(p.reads, instance) || Contains(p.writes, instance);
}
inline bool Conflict(const Pushed& a, const Pushed& b) {
  const auto writes_used_by = [](const Pushed& writer, const Pushed& user) {
    return std::any_of(writer.writes.begin(), writer.writes.end(),
                       [&](int instance) { return Uses(user, instance); });
  };
  return writes_used_by(a, b) || writes_used_by(b, a);
}

}  // namespace tenter::fuzz
