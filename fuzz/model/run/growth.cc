#include "fuzz/model/run/growth.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "fuzz/process/heap.h"

namespace tenter::fuzz::model {
namespace {

// A round in which nothing grew is enough to be sure. Lists of the runtime and of the allocator
// grow for a while: for 15 rounds in a program of four nodes, and there are four times as many.
constexpr int kMostRounds = 60, kTimes = 12;
constexpr int64_t kNone = std::numeric_limits<int64_t>::max();

}  // namespace

Growth GrowthOf(const std::function<void()>& fail) {
  Growth least{.bytes = kNone, .times = kTimes};
  fail();
  for (int round = 0; round < kMostRounds && !least.is_none(); ++round) {
    const auto before = static_cast<int64_t>(HeapInUse());
    for (int i = 0; i < kTimes; ++i) fail();
    const int64_t grown = static_cast<int64_t>(HeapInUse()) - before;
    if (grown >= 0) least.bytes = std::min(least.bytes, grown);
  }
  return least.bytes == kNone ? Growth{} : least;
}

}  // namespace tenter::fuzz::model
