#include "fuzz/model/run/growth.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "fuzz/process/heap.h"

namespace tenter::fuzz::model {
namespace {

// A round in which nothing grew is enough to be sure. Lists of the runtime and of the allocator
// grow for a while: for 15 rounds in a program of four nodes, and there are four times as many.
constexpr int kMostRounds = 60, kTimes = 12;
// A list that one round fills and a later one empties is no growth either, so that each round is
// compared with many before it: what two threads keep at hand of each other's memory came round in
// five.
constexpr size_t kBack = 16;

constexpr int64_t kNone = std::numeric_limits<int64_t>::max();

}  // namespace

Growth GrowthOf(const std::function<void()>& fail) {
  Growth least{.bytes = kNone, .times = kTimes};
  fail();
  std::array<int64_t, kBack> levels;  // of the last rounds
  levels.fill(static_cast<int64_t>(HeapInUse()));
  for (size_t round = 0; round < kMostRounds && !least.is_none(); ++round) {
    for (int i = 0; i < kTimes; ++i) fail();
    const auto now = static_cast<int64_t>(HeapInUse());
    for (const int64_t before : levels)
      if (now >= before) least.bytes = std::min(least.bytes, now - before);
    levels[round % kBack] = now;
  }
  return least.bytes == kNone ? Growth{} : least;
}

}  // namespace tenter::fuzz::model
