#include "runtime/engine/ready/ready_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "runtime/base/rng.h"

namespace tenter {
namespace {

PendingOp* Add(std::deque<PendingOp>& ops, ReadyQueue& queue, int priority) {
  ops.emplace_back().priority = priority;
  queue.Reserve(queue.size() + 1);
  queue.Push(&ops.back());
  return &ops.back();
}

TEST(ReadyQueue, HighestPriorityFirstThenAge) {
  std::deque<PendingOp> ops;
  ReadyQueue queue;
  PendingOp* low = Add(ops, queue, 1);
  PendingOp* high = Add(ops, queue, 5);
  PendingOp* low_later = Add(ops, queue, 1);
  EXPECT_EQ(queue.Pop(), high);
  EXPECT_EQ(queue.Pop(), low);
  EXPECT_EQ(queue.Pop(), low_later);
  EXPECT_TRUE(queue.empty());
}

// ENG-10: an op is overtaken a bounded number of times, whatever keeps arriving.
TEST(ReadyQueue, NeverStarves) {
  std::deque<PendingOp> ops;
  ReadyQueue queue;
  PendingOp* low = Add(ops, queue, -100);
  for (uint32_t pops = 0; pops <= ReadyQueue::kOvertakeLimit; ++pops) {
    Add(ops, queue, 100);
    if (queue.Pop() == low) {
      EXPECT_EQ(pops, ReadyQueue::kOvertakeLimit);
      return;
    }
  }
  FAIL() << "starved";
}

// Random pushes and pops against a plain ordered map, while nothing is old enough to jump the
// queue.
TEST(ReadyQueue, AgreesWithAModel) {
  const uint64_t seed = 20261;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Rng rng(seed);
  for (int round = 0; round < 200; ++round) {
    std::deque<PendingOp> ops;
    ReadyQueue queue;
    std::map<std::pair<int, uint64_t>, PendingOp*> model;
    uint64_t age = 0;
    for (int step = 0; step < 30; ++step) {
      if (model.empty() || rng.Below(3) != 0) {
        const int priority = static_cast<int>(rng.Below(5));
        model[{-priority, age++}] = Add(ops, queue, priority);
      } else {
        ASSERT_EQ(queue.Pop(), model.begin()->second);
        model.erase(model.begin());
      }
      ASSERT_EQ(queue.size(), model.size());
    }
  }
}

}  // namespace
}  // namespace tenter
