// ThreadSanitizer sees nothing of these locks, so that they are held to what they do: a count that
// is lost, or a turn that is, shows that two threads were inside together.
#include "runtime/base/unseen_mutex.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "runtime/base/gate.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

struct Counted {
  UnseenMutex mutex;
  UnseenCondVar changed;
  uint64_t count GUARDED_BY(mutex) = 0;
  std::vector<uint64_t> history GUARDED_BY(mutex);
};

void RunOnThreads(int threads, const std::function<void(int)>& body) {
  std::vector<Thread> running(threads);
  Gate together;
  for (int i = 0; i < threads; ++i)
    ASSERT_TRUE(running[i]
                    .Start("unseen",
                           [&, i] {
                             together.Wait();
                             body(i);
                           })
                    .ok());
  together.Open();
  for (Thread& thread : running) thread.Join();
}

TEST(UnseenMutex, LetsOneInAtATime) {
  constexpr int kThreads = 8, kRounds = 5000;
  Counted counted;
  RunOnThreads(kThreads, [&](int) {
    for (int i = 0; i < kRounds; ++i) {
      UnseenLock lock(counted.mutex);
      const uint64_t before = counted.count;
      if (i % 64 == 0) YieldThread();
      counted.count = before + 1;
      counted.history.push_back(before);  // allocates inside
    }
  });
  // What was written inside is read, and freed, outside, after the join.
  UnseenLock lock(counted.mutex);
  EXPECT_EQ(counted.count, uint64_t{kThreads} * kRounds);
  for (uint64_t i = 0; i < counted.history.size(); ++i) ASSERT_EQ(counted.history[i], i);
}

TEST(UnseenCondVar, NoNotificationIsLost) {
  constexpr int kThreads = 4;
  constexpr uint64_t kTurns = 2000;
  Counted counted;
  // Each thread waits for its turn and gives the next one to its neighbour.
  RunOnThreads(kThreads, [&](int i) {
    for (uint64_t turn = i; turn < kTurns; turn += kThreads) {
      UnseenLock lock(counted.mutex);
      while (counted.count != turn) counted.changed.Wait(counted.mutex);
      ++counted.count;
      counted.changed.NotifyAll(counted.mutex);
    }
  });
  UnseenLock lock(counted.mutex);
  EXPECT_EQ(counted.count, kTurns);
}

}  // namespace
}  // namespace tenter
