// Turns, on orders that were worked out by hand.
#include "fuzz/engine/model/turns.h"

#include <gtest/gtest.h>

namespace tenter::fuzz {
namespace {

// The op that had to start instead of `op`, when `before` have started in this order.
int Instead(std::vector<int> priorities, const std::vector<size_t>& before, size_t op,
            bool starves) {
  Turns turns(std::move(priorities));
  for (const size_t earlier : before)
    EXPECT_FALSE(turns.Start(earlier).has_value()) << "op " << earlier << " had its turn";
  const auto wrong = turns.Start(op);
  if (!wrong.has_value()) return -1;
  EXPECT_EQ(wrong->starves, starves);
  return static_cast<int>(wrong->instead);
}

TEST(Turns, AreByPriorityAndThenByAge) {
  const std::vector<int> priorities = {-1, 0, 2, 1, 2, 0};
  EXPECT_EQ(Instead(priorities, {}, 3, false), 2);
  EXPECT_EQ(Instead(priorities, {}, 4, false), 2);
  EXPECT_EQ(Instead(priorities, {2, 4}, 1, false), 3);
  EXPECT_EQ(Instead(priorities, {2, 4, 3}, 0, false), 1);
  EXPECT_EQ(Instead(priorities, {2, 4, 3, 5, 1}, 0, false), -1) << "those without in any order";
}

// The ops from `first` on, so many of them.
std::vector<size_t> From(size_t first, size_t count) {
  std::vector<size_t> ops;
  for (size_t i = 0; i < count; ++i) ops.push_back(first + i);
  return ops;
}

TEST(Turns, ComeWhenOthersOvertookLongEnough) {
  std::vector<int> high(80, 2);
  high[0] = 0;
  EXPECT_EQ(Instead(high, From(1, 30), 31, true), 0);
  EXPECT_EQ(Instead(high, From(1, 29), 0, false), 30) << "too early";
  high[0] = 1;
  EXPECT_EQ(Instead(high, From(1, 32), 33, true), 0);
  EXPECT_EQ(Instead(high, From(1, 31), 0, false), 32) << "too early";
  std::vector<int> without(80, 0);
  without[0] = -1;
  EXPECT_EQ(Instead(without, From(1, 30), 31, true), 0);
  EXPECT_EQ(Instead(without, From(1, 29), 0, false), 30) << "too early";
}

}  // namespace
}  // namespace tenter::fuzz
