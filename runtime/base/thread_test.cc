#include "runtime/base/thread.h"

#include <gtest/gtest.h>

#include <set>

namespace tenter {
namespace {

// The distances of stacks of 8 MiB, which is the default, and of 1 MiB, with their guard page.
constexpr uint64_t kDistances[] = {0x801000, 0x101000};

TEST(Thread, StripesOfNeighboursDiffer) {
  for (const uint64_t distance : kDistances)
    for (const uint64_t first : {0x7f1234567640ULL, 0x7fc98bffb6c0ULL, 0x7ffff7d8a740ULL}) {
      std::set<uint32_t> of8, of16;
      for (uint64_t i = 0; i < 16; ++i) {
        const uint64_t key = first - i * distance;
        if (i < 8) of8.insert(StripeOf<8>(key));
        of16.insert(StripeOf<16>(key));
      }
      EXPECT_GE(of8.size(), 4u) << std::hex << distance << " below " << first;
      EXPECT_GE(of16.size(), 8u) << std::hex << distance << " below " << first;
    }
}

TEST(Thread, KeysOfLiveThreadsDiffer) {
  uint64_t other = 0;
  Thread thread;
  ASSERT_TRUE(thread.Start("other", [&] { other = CurrentThreadKey(); }).ok());
  thread.Join();
  EXPECT_NE(CurrentThreadKey(), 0u);
  EXPECT_NE(other, 0u);
  EXPECT_NE(other, CurrentThreadKey());
}

}  // namespace
}  // namespace tenter
