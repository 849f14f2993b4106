#include "harness/workloads/inference/float_difference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace tenter {
namespace {

TEST(FloatDifference, UlpsCountTheNumbersBetween) {
  constexpr auto kMost = std::numeric_limits<uint64_t>::max();
  const float one = 1, next = std::nextafter(1.0f, 2.0f);
  const float tiny = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(UlpsBetween(one, one), 0u);
  EXPECT_EQ(UlpsBetween(one, next), 1u);
  EXPECT_EQ(UlpsBetween(next, one), 1u);
  EXPECT_EQ(UlpsBetween(0.0f, -0.0f), 0u);
  EXPECT_EQ(UlpsBetween(-tiny, tiny), 2u);
  EXPECT_EQ(UlpsBetween(1.0f, 2.0f), uint64_t{1} << 23);
  EXPECT_EQ(UlpsBetween(std::nanf(""), one), kMost);
  EXPECT_EQ(UlpsBetween(1.0, std::nextafter(1.0, 0.0)), 1u);
  const double most = std::numeric_limits<double>::max();
  EXPECT_EQ(UlpsBetween(-most, most), 2 * uint64_t{0x7fefffffffffffff});
}

TEST(FloatDifference, TheFirstElementIsToldWithAllItsDigits) {
  const float wanted[] = {1, 0.5f, 3, -0.0f}, found[] = {1, std::nextafter(0.5f, 1.0f), 4, 0};
  EXPECT_EQ(FloatDifference(found, wanted, 4),
            "3 of 4 elements differ, first at 1 (expected 0.5, found 0.50000006, 1 ULP), largest "
            "difference 1, at most 4194304 ULP");
  const double nan = std::nan(""), numbers[] = {2}, others[] = {nan};
  EXPECT_NE(FloatDifference(others, numbers, 1).find("no distance in ULP: a NaN"),
            std::string::npos);
  // A NaN is no small difference, and no large one.
  const float some[] = {1, 2, 3}, lost[] = {std::nanf(""), 2, 3.5f};
  for (const std::string& text : {FloatDifference(lost, some, 3), FloatDifference(some, lost, 3)}) {
    EXPECT_TRUE(text.starts_with("2 of 3 elements differ, first at 0 ")) << text;
    EXPECT_TRUE(text.ends_with("ULP: a NaN), 1 of them by a NaN")) << text;
  }
  // A difference that six decimals would hide.
  const double small[] = {1e-30}, smaller[] = {2e-30};
  EXPECT_NE(FloatDifference(small, smaller, 1).find("e-30"), std::string::npos);
}

}  // namespace
}  // namespace tenter
