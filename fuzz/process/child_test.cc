// What becomes of a child that hangs, crashes, races, leaks or finds something.
#include "fuzz/process/child.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "fuzz/process/sanitizer.h"
#include "fuzz/process/watchdog.h"
#include "harness/stacks/thread_stacks.h"
#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/thread.h"
#include "runtime/base/thrown.h"

namespace tenter::fuzz {
namespace {

TEST(Child, TellsWhereItHangsAlsoWhenItHadNoTimeAtAll) {
  const auto hang = RunInChild([](const Reporter&) { SleepNs(60 * kNsPerSecond); }, 0);
  ASSERT_TRUE(hang.has_value());
  EXPECT_NE(hang->detail.find("    #1 0x"), std::string::npos) << hang->detail;
}

TEST(Child, HangsCrashesAndFindingsComeBack) {
  const auto hang =
      RunInChild([](const Reporter&) { SleepNs(60 * kNsPerSecond); }, kNsPerSecond / 5);
  ASSERT_TRUE(hang.has_value());
  EXPECT_EQ(hang->kind, kHang);
  EXPECT_NE(hang->detail.find("    #1 0x"), std::string::npos) << hang->detail;
  const auto crash =
      RunInChild([](const Reporter&) { TENTER_CHECK(1 > 2, "no"); }, 60 * kNsPerSecond);
  ASSERT_TRUE(crash.has_value());
  EXPECT_EQ(crash->kind.substr(0, 28), "crash: CHECK failed: 1 > 2 a");
  const auto finding = RunInChild(
      [](const Reporter& reporter) {
        reporter.Found({"ERR-6", "twice", "two\nlines", 7});
      },
      60 * kNsPerSecond);
  ASSERT_TRUE(finding.has_value());
  EXPECT_EQ(finding->contract + finding->kind + finding->detail, "ERR-6twicetwo\nlines");
  EXPECT_EQ(finding->round, 7u);
  // A target prints as it likes.
  const auto loud = RunInChild(
      [](const Reporter&) {
        [[maybe_unused]] const auto written = write(STDOUT_FILENO, "hello", 5);
        std::abort();
      },
      60 * kNsPerSecond);
  ASSERT_TRUE(loud.has_value());
  EXPECT_NE(loud->detail.find("hello"), std::string::npos) << loud->detail;
#if defined(TENTER_TSAN)
  const auto race = RunInChild(
      [](const Reporter& reporter) {
        int shared = 0;
        {
          Thread threads[2];
          for (Thread& thread : threads)
            if (!thread.Start("racer", [&shared] { ++shared; }).ok()) return;
        }
        if (RacesReported() > 0) reporter.Found({"ENG-1", "data race", "", 0});
      },
      60 * kNsPerSecond);
  ASSERT_TRUE(race.has_value());
  EXPECT_NE(race->detail.find("WARNING: ThreadSanitizer: data race"), std::string::npos)
      << race->detail;
#endif
#if defined(TENTER_ASAN)
  const auto leak = RunInChild(
      [](const Reporter& reporter) {
        struct Lost {
          std::unique_ptr<Lost> itself;
        };
        auto lost = std::make_unique<Lost>();
        Lost* const cycle = lost.get();
        cycle->itself = std::move(lost);
        if (FoundLeaks()) reporter.Found({"ENG-5", "leaked memory", "", 0});
      },
      60 * kNsPerSecond);
  ASSERT_TRUE(leak.has_value());
  EXPECT_EQ(leak->kind, "leaked memory");
  const auto freed = RunInChild(
      [](const Reporter&) {
        volatile char* gone = new char[100];
        delete[] gone;
        gone[3] = 1;
      },
      60 * kNsPerSecond);
  ASSERT_TRUE(freed.has_value());
  EXPECT_EQ(freed->kind, "sanitizer: heap-use-after-free");
#endif
  EXPECT_FALSE(RunInChild([](const Reporter& r) { r.Clean(); }, 60 * kNsPerSecond).has_value());
}

#if defined(TENTER_TSAN)
// A catcher may be the last to read an exception of which somebody else drops the last Thrown.
TEST(Sanitizer, KnowsThatAnExceptionIsCounted) {
  const auto race = RunInChild(
      [](const Reporter& reporter) {
        Atomic<bool> seen = false;  // relaxed: it orders nothing
        Thrown thrown = Thrown::FromStatus(
            {StatusCode::kStopped, "a message that is too long to be kept inside the string"});
        {
          Thread threads[2];
          TENTER_CHECK(threads[0]
                           .Start("catcher",
                                  [&seen, mine = thrown]() mutable {
                                    size_t size = 0;
                                    try {
                                      const Thrown gone_when_caught = std::move(mine);
                                      gone_when_caught.Rethrow();
                                    } catch (const StatusError& error) {
                                      size = std::string(error.status().message()).size();
                                    }
                                    seen.Store(size > 0, kRelaxed);
                                  })
                           .ok(),
                       "no thread");
          TENTER_CHECK(threads[1]
                           .Start("last",
                                  [&seen, mine = std::move(thrown)]() mutable {
                                    while (!seen.Load(kRelaxed)) SleepNs(1);
                                    mine = Thrown();
                                  })
                           .ok(),
                       "no thread");
        }
        if (RacesReported() > 0) reporter.Found({"ENG-1", "data race", "", 0});
      },
      60 * kNsPerSecond);
  EXPECT_FALSE(race.has_value()) << race->detail;
}
#endif

TEST(Watchdog, TellsWhereItsThreadsAre) {
  PrepareThreadStacks();
  const auto hang = RunInChild(
      [](const Reporter& reporter) {
        Watchdog watchdog(kNsPerSecond / 5, [&](const std::string& said) {
          reporter.Found({"", kHang, said, 0});
        });
        watchdog.Begin();
        SleepNs(60 * kNsPerSecond);
      },
      60 * kNsPerSecond);
  ASSERT_TRUE(hang.has_value());
  EXPECT_EQ(hang->detail.find("what would tell is being made or destroyed\nWhere its threads are:"
                              "\nthread "),
            0u)
      << hang->detail;
  EXPECT_NE(hang->detail.find("    #1 0x"), std::string::npos) << hang->detail;
}

TEST(Finding, IsTheSameByWhateverSignal) {
  EXPECT_TRUE(IsSameKind("crash: Aborted", "crash: Segmentation fault"));
  EXPECT_TRUE(IsSameKind("hang", "hang"));
  EXPECT_FALSE(IsSameKind("crash: Aborted", "crash: CHECK failed: 1 > 2"));
  EXPECT_FALSE(IsSameKind("crash: CHECK failed: 1 > 2", "crash: CHECK failed: 2 > 3"));
  EXPECT_FALSE(IsSameKind("crash: exit 1", "crash: Aborted"));
  EXPECT_FALSE(IsSameKind("hang", "data race"));
}

}  // namespace
}  // namespace tenter::fuzz
