#include "harness/checks/growth.h"

#include <gtest/gtest.h>

#include <vector>

#include "runtime/base/rng.h"

namespace tenter {
namespace {

std::vector<int64_t> Series(size_t count, int64_t step, uint64_t noise = 1, uint64_t seed = 1) {
  Rng rng(seed);
  std::vector<int64_t> samples;
  for (size_t i = 0; i < count; ++i)
    samples.push_back(1000 + step * static_cast<int64_t>(i) +
                      static_cast<int64_t>(rng.Below(noise)));
  return samples;
}

TEST(Growth, IsWhatALeakAddsOverTheLastHalf) {
  EXPECT_DOUBLE_EQ(GrowthOverLastHalf(Series(16, 10)).over_half, 70);
  EXPECT_DOUBLE_EQ(GrowthOverLastHalf(Series(17, -10)).over_half, -80);
  EXPECT_DOUBLE_EQ(GrowthOverLastHalf(Series(16, 0)).over_half, 0);
  EXPECT_DOUBLE_EQ(GrowthOverLastHalf(Series(16, 10)).by_chance, 0);
  EXPECT_TRUE(GrowthOverLastHalf(Series(16, 10)).Exceeds(69));
  EXPECT_FALSE(GrowthOverLastHalf(Series(16, 10)).Exceeds(70));
  EXPECT_FALSE(GrowthOverLastHalf(Series(16, 0)).Exceeds(0));
}

TEST(Growth, WarmUpIsNone) {
  std::vector<int64_t> samples = Series(16, 0);
  for (size_t i = 0; i < 8; ++i) samples[i] = static_cast<int64_t>(i) * 100;
  EXPECT_DOUBLE_EQ(GrowthOverLastHalf(samples).over_half, 0);
}

// The last sample of all is one: a difference of the ends would be nothing but it.
TEST(Growth, AFewSamplesThatAreFarOffDoNotDecide) {
  std::vector<int64_t> samples = Series(20, 0);
  samples[12] = samples[19] = 1'000'000;
  EXPECT_FALSE(GrowthOverLastHalf(samples).Exceeds(0));
  samples = Series(20, 10);
  samples[12] = samples[19] = 0;
  EXPECT_NEAR(GrowthOverLastHalf(samples).over_half, 90, 10);
  EXPECT_TRUE(GrowthOverLastHalf(samples).Exceeds(50));
}

TEST(Growth, ANumberThatWandersDoesNotGrow) {
  for (const size_t count : {16, 24, 60, 200}) {
    int grown = 0;
    for (uint64_t seed = 1; seed <= 1000; ++seed)
      grown += GrowthOverLastHalf(Series(count, 0, 1000, seed)).Exceeds(0) ? 1 : 0;
    EXPECT_LE(grown, 20) << "of 1000 series of " << count;
  }
}

// Of a heap that falls into pieces and heals: kb of a process that lost no block, as they were
// measured. It rises by 1,112 over the last half.
TEST(Growth, ANumberThatStaysForAWhileDoesNotGrow) {
  const std::vector<int64_t> samples = {18404, 18692, 18620, 18592, 18700, 18660, 20740, 18412,
                                        18324, 18564, 18664, 18384, 18664, 19576, 19596, 20012,
                                        20028, 19984, 20036, 20040, 20124, 18752, 18708, 18812,
                                        18940, 18780, 18852, 18860, 18924, 18820, 18716, 18896,
                                        19752, 19540, 19724, 19692, 19856, 19660, 19748, 19748};
  EXPECT_NEAR(GrowthOverLastHalf(samples).over_half, 1112, 1);
  EXPECT_FALSE(GrowthOverLastHalf(samples).Exceeds(1024));
}

TEST(Growth, ALeakIsSeenInNoiseOfItsSize) {
  for (uint64_t seed = 1; seed <= 200; ++seed)
    EXPECT_TRUE(GrowthOverLastHalf(Series(60, 70, 1000, seed)).Exceeds(1000)) << "seed " << seed;
}

TEST(Growth, TooFewSamplesSayNothing) {
  EXPECT_FALSE(GrowthOverLastHalf(Series(Growth::kSamplesAtLeast - 1, 10)).Exceeds(0));
  EXPECT_TRUE(GrowthOverLastHalf(Series(Growth::kSamplesAtLeast, 10)).Exceeds(0));
  EXPECT_EQ(SeriesText({}), "");
}

// One more of something, once: it is made late, and does not grow.
TEST(Growth, AStepIsHardlyMoreThanItself) {
  for (size_t at = 24; at < 48; ++at) {
    std::vector<int64_t> samples = Series(48, 0);
    for (size_t i = at; i < samples.size(); ++i) ++samples[i];
    EXPECT_FALSE(GrowthOverLastHalf(samples).Exceeds(2)) << at;
  }
}

TEST(Growth, ASeriesIsToldWithItsEnds) {
  const std::vector<int64_t> samples = {1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(SeriesText(samples), "1, 2, 3, 4, 5, 6, 7");
  EXPECT_EQ(SeriesText(samples, 3), "1, 4, 7");
  EXPECT_EQ(SeriesText(samples, 1), "7");
}

}  // namespace
}  // namespace tenter
