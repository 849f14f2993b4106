// Growth: how much a number grew over the last half of a series of equally distant samples, and how
// much of that may be chance.
//
// Path: a long run samples what the process holds -> GrowthOverLastHalf -> the leak check.
//
// The first half is warm-up: caches fill, an allocator finds its size. Of the last half the median
// of the slopes of all pairs of samples is taken (Theil and Sen), times its length. A leak of so
// much per round gives just that. The last value less the first would be decided by two samples,
// and a line of least squares by one that is far off; of this up to 29 in 100 may be anything.
//
// A number that only wanders has a slope, too. How far it wanders about the line, and how long it
// stays where it is, says how large that slope may be by chance: what grew by less than four times
// that was not seen to grow.
//
// Thread safety: pure.
// Ownership and lifetime: a value.
// Invariants: a series that is shifted grows by as much; one that is doubled by twice as much.
// Errors: fewer than kSamplesAtLeast samples say nothing: no growth, and any would be chance.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace tenter {

struct Growth {
  static constexpr size_t kSamplesAtLeast = 16;

  double over_half = 0;  // negative when it fell
  double by_chance = 0;  // at most, but for one or two of a hundred series that do not grow

  bool Exceeds(double most) const { return over_half > most && over_half > by_chance; }
};

Growth GrowthOverLastHalf(std::span<const int64_t> samples);

// For a person: "812, 815, 815", all of them or `at_most` at equal distances, with both ends.
std::string SeriesText(std::span<const int64_t> samples, size_t at_most = 64);

}  // namespace tenter
