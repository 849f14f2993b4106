#include "fuzz/model/run/growth.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "fuzz/process/heap.h"

namespace tenter::fuzz::model {
namespace {

// The runtime's and the allocator's own lists are long enough after 15 rounds.
constexpr int kMostRounds = 60, kTimes = 12;

}  // namespace

Growth GrowthOf(const std::function<int()>& fail) {
  Growth least{.bytes = std::numeric_limits<int64_t>::max()};
  for (int round = 0; round < kMostRounds && !least.is_none(); ++round) {
    const auto before = static_cast<int64_t>(HeapInUse());
    int calls = 0;
    for (int i = 0; i < kTimes; ++i) calls += fail();
    least.bytes = std::min(least.bytes, static_cast<int64_t>(HeapInUse()) - before);
    least.calls = calls;
  }
  return least;
}

}  // namespace tenter::fuzz::model
