#include <gtest/gtest.h>
#include <sched.h>

#include <set>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/mutex.h"
#include "runtime/base/rng.h"
#include "runtime/base/semaphore.h"
#include "runtime/base/thread.h"
#include "runtime/base/thrown.h"

namespace tenter {
namespace {

struct OddError {
  int number;
};

TEST(Status, NamesRoundTrip) {
  for (int i = 0; i <= static_cast<int>(StatusCode::kInternal); ++i) {
    const auto code = static_cast<StatusCode>(i);
    EXPECT_EQ(StatusCodeFromName(StatusCodeName(code)), code);
  }
  EXPECT_EQ(StatusCodeFromName("no such code"), std::nullopt);
}

TEST(Status, PrintsCodeAndMessage) {
  EXPECT_EQ(Status().ToString(), "ok");
  EXPECT_EQ(Status(StatusCode::kNotFound, "no file 'x'").ToString(), "not_found: no file 'x'");
}

TEST(ResultDeathTest, ReadingAFailedResultIsAProgrammerError) {
  const Result<int> failed = Status(StatusCode::kNotFound, "nothing here");
  EXPECT_DEATH((void)failed.value(), "nothing here");
}

TEST(Thrown, KeepsTheOriginalType) {
  Thrown thrown;
  try {
    throw OddError{7};
  } catch (...) {
    thrown = Thrown::Current();
  }
  try {
    thrown.Rethrow();
    FAIL() << "did not throw";
  } catch (const OddError& error) {
    EXPECT_EQ(error.number, 7);
    EXPECT_TRUE(thrown.Is(std::current_exception()));
  }
  EXPECT_NE(thrown.TypeName().find("OddError"), std::string::npos);
  EXPECT_EQ(thrown.ToStatus().code(), StatusCode::kInternal);
}

TEST(Thrown, StatusSurvivesTheTrip) {
  const Thrown thrown = Thrown::FromStatus({StatusCode::kDataLoss, "row 3"});
  EXPECT_EQ(thrown.ToStatus().code(), StatusCode::kDataLoss);
  EXPECT_EQ(thrown.Message(), "data_loss: row 3");
  EXPECT_EQ(thrown.TypeName(), "tenter::StatusError");
}

// Many threads rethrow and read one exception while its owner lets go of it: silent under TSan.
TEST(Thrown, ManyThreadsRethrowOneException) {
  auto shared = std::make_unique<Thrown>(Thrown::FromStatus({StatusCode::kDataLoss, "shared"}));
  Atomic<int> seen = 0;
  std::vector<Thread> threads(8);
  for (Thread& thread : threads)
    ASSERT_TRUE(thread
                    .Start("rethrow",
                           [copy = *shared, &seen] {
                             for (int i = 0; i < 100; ++i)
                               if (copy.Message() == "data_loss: shared")
                                 seen.FetchAdd(1, kRelaxed);
                           })
                    .ok());
  shared.reset();
  for (Thread& thread : threads) thread.Join();
  EXPECT_EQ(seen.Load(kRelaxed), 800);
}

TEST(Thread, LeavesItsProcessorAndMayComeBack) {
  cpu_set_t before, after;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  if (CPU_COUNT(&before) < 2) GTEST_SKIP() << "there is one processor";
  bool moved = false;
  for (int i = 0; i < 100 && !moved; ++i) {
    const int here = sched_getcpu();
    LeaveThisProcessor();
    moved = sched_getcpu() != here;
  }
  EXPECT_TRUE(moved);
  ASSERT_EQ(sched_getaffinity(0, sizeof(after), &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(Thread, HasItsNameAndIsJoined) {
  std::string name;
  {
    Thread thread;
    ASSERT_TRUE(
        thread.Start("a rather long thread name", [&] { name = CurrentThreadName(); }).ok());
  }
  EXPECT_EQ(name, "a rather long t");
}

TEST(CondVar, TimesOutAndWakes) {
  Mutex mutex;
  CondVar changed;
  bool ready = false;
  {
    MutexLock lock(mutex);
    EXPECT_FALSE(changed.WaitFor(mutex, kNsPerMs) && ready);
  }
  Thread thread;
  ASSERT_TRUE(thread
                  .Start("notifier",
                         [&] {
                           MutexLock lock(mutex);
                           ready = true;
                           changed.NotifyOne();
                         })
                  .ok());
  MutexLock lock(mutex);
  while (!ready) changed.Wait(mutex);
}

TEST(Semaphore, KeepsPermitsAndTimesOut) {
  Semaphore semaphore;
  EXPECT_FALSE(semaphore.AcquireFor(kNsPerMs));
  semaphore.Release();
  semaphore.Release();
  EXPECT_TRUE(semaphore.AcquireFor(kNsPerMs));
  semaphore.Acquire();
  EXPECT_FALSE(semaphore.AcquireFor(0));

  // The longest wait is no error: it ends with the permit.
  Thread releases;
  ASSERT_TRUE(releases.Start("releases", [&] { semaphore.Release(); }).ok());
  EXPECT_TRUE(semaphore.AcquireFor(INT64_MAX));
  releases.Join();

  // Each hands a permit to the other: a lost one would be waited for in vain.
  constexpr int kTurns = 1000;
  Semaphore mine, yours;
  Thread other;
  ASSERT_TRUE(other
                  .Start("other",
                         [&] {
                           for (int i = 0; i < kTurns; ++i) {
                             yours.Acquire();
                             mine.Release();
                           }
                         })
                  .ok());
  for (int i = 0; i < kTurns; ++i) {
    yours.Release();
    EXPECT_TRUE(mine.AcquireFor(60 * kNsPerSecond));
  }
  other.Join();
}

TEST(Rng, DependsOnTheSeedAlone) {
  Rng a(1), b(1), c(2);
  std::set<uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const uint64_t x = a.Next();
    EXPECT_EQ(x, b.Next());
    EXPECT_NE(x, c.Next());
    seen.insert(x);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

}  // namespace
}  // namespace tenter
