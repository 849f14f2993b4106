#include "fuzz/model/run/growth.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

namespace tenter::fuzz::model {
namespace {

// More than a thread keeps at hand for its next allocation.
constexpr size_t kBytes = 2000;

// Blocks that stay reachable until the test ends, so that a leak checker finds nothing.
class Kept {
 public:
  ~Kept() {
    for (size_t i = 0; i < count_; ++i) std::free(blocks_[i]);
  }
  void Add() { blocks_[count_++] = std::malloc(kBytes); }
  void DropLast() { std::free(blocks_[--count_]); }
  size_t count() const { return count_; }

 private:
  std::array<void*, 4096> blocks_ = {};  // no list that would grow itself
  size_t count_ = 0;
};

TEST(Growth, OfCallsThatKeepNothingIsNone) {
  EXPECT_TRUE(GrowthOf([] { std::free(std::malloc(kBytes)); }).is_none());
}

TEST(Growth, OfCallsThatAreRememberedIsSeen) {
  Kept kept;
  const Growth growth = GrowthOf([&] { kept.Add(); });
  EXPECT_FALSE(growth.is_none());
  EXPECT_GE(growth.bytes, static_cast<int64_t>(kBytes) * growth.times);
}

// As of a list that is given back when it is full: twelve calls fill it, the next twelve empty it.
TEST(Growth, OfAListThatIsFilledAndEmptiedIsNone) {
  Kept kept;
  int calls = 0;
  EXPECT_TRUE(GrowthOf([&] {
                if (calls++ / 12 % 2 == 0)
                  kept.Add();
                else if (kept.count() > 0)
                  kept.DropLast();
              }).is_none());
}

// Such a list, of less than what is left, hides no leak.
TEST(Growth, BesideSuchAListIsSeen) {
  Kept list, leak;
  int calls = 0;
  EXPECT_FALSE(GrowthOf([&] {
                 leak.Add();
                 const int call = calls++;
                 if (call % 3 != 0) return;
                 if (call / 12 % 2 == 0)
                   list.Add();
                 else
                   list.DropLast();
               }).is_none());
}

}  // namespace
}  // namespace tenter::fuzz::model
