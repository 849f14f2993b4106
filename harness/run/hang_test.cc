// What is told of a process that stands still.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <utility>
#include <vector>

#include "harness/faults/known_sites.h"
#include "harness/run/signals.h"
#include "harness/run/watchdog.h"
#include "harness/workloads/handles.h"
#include "runtime/base/clock.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

// The findings of a child that does `hang` under a watchdog.
std::string FindingsOf(const std::function<void(Progress*)>& hang) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);  // a watchdog that watches no more
    InstallSignalHandlers(-1, "");
    CheckBoard board({"liveness"}, [&](const Finding& finding) {
      const std::string text = finding.what + "|" + finding.title + "|" +
                               std::string(finding.contract) + "|" + finding.detail;
      [[maybe_unused]] const auto written = write(ends[1], text.data(), text.size());
    });
    Progress progress;
    progress.Begin("steps", 2);
    const Watchdog watchdog(300, &progress, &board, [] {});
    hang(&progress);
    _exit(9);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof(buffer))) > 0;) text.append(buffer, got);
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  return text;
}

void HangForEver() {
  Gate never;
  never.Wait();
}

// Of a target with an engine, and nothing else.
struct EngineTarget {
  std::string text = "two workers";  // what the engine says of itself
  bool hangs = false;                // in its free
  int described = 0;

  static EngineTarget* Of(void* self) { return static_cast<EngineTarget*>(self); }
  static tgt_code Describe(void* self, tgt_handle, char* text, size_t size, tgt_error*) {
    ++Of(self)->described;
    if (Of(self)->text.empty()) return TGT_STALE_HANDLE;
    std::snprintf(text, size, "%s", Of(self)->text.c_str());
    return TGT_OK;
  }
  static tgt_code Free(void* self, tgt_handle, tgt_error*) {
    if (Of(self)->hangs) HangForEver();
    return TGT_OK;
  }

  void FreeAnEngine(Progress* progress) {
    tgt_target table = {};
    table.close = [](void*) {};
    table.free_handle = Free;
    table.engine_describe = Describe;
    const TargetInstance target(&table, this);
    const Parameters parameters;
    Flight flight;
    Injector injector({}, KnownSites(), 1, &flight);
    CheckBoard board({"life"}, [](const Finding& finding) { ADD_FAILURE() << finding.title; });
    const Stage stage{.parameters = parameters,
                      .target = target,
                      .injector = injector,
                      .flight = flight,
                      .board = board,
                      .progress = *progress,
                      .seed = 1,
                      .scratch_dir = "",
                      .watch_parameters = nullptr,
                      .allocations = nullptr};
    Handle engine(stage, kEngineHandle);
    *engine.out() = 1;
  }
};

TEST(Hang, AnEngineThatIsFreedDescribesItselfMeanwhile) {
  const auto text_of = [](const char* says) {
    return FindingsOf([says](Progress* progress) {
      EngineTarget target{.text = says, .hangs = true};
      target.FreeAnEngine(progress);
    });
  };
  const std::string begins =
      "freeing the engine does not end|freeing the engine did not end within 300 ms after 0 of 2 "
      "steps|ENG-9|";
  const std::string text = text_of("two workers");
  EXPECT_TRUE(text.starts_with(begins + "the engine while it is freed:\ntwo workers\nthread "))
      << text;
  EXPECT_NE(text.find("    #3 0x"), std::string::npos) << text;
  const std::string gone = text_of("");
  EXPECT_TRUE(gone.starts_with(begins + "the engine did not describe itself: ")) << gone;
}

// It would take the engine's locks, and so hide races with what frees it.
TEST(Hang, AnEngineThatIsFreedIsNotAskedWithoutNeed) {
  Progress progress;
  EngineTarget target;
  target.FreeAnEngine(&progress);
  EXPECT_EQ(target.described, 0);
  EXPECT_EQ(progress.phases().changes(), 2u);
}

TEST(Hang, ATargetThatCannotDescribeItselfCostsTheDescriptionAlone) {
  const std::string text = FindingsOf([](Progress* progress) {
    const Described described(progress, []() -> std::string {
      HangForEver();
      return "";
    });
    HangForEver();
  });
  EXPECT_TRUE(
      text.starts_with("no progress in steps|nothing moved for 300 ms after 0 of 2 steps||"
                       "the target did not describe itself within 1 s\nthread "))
      << text;
  EXPECT_NE(text.find("    #3 0x"), std::string::npos) << text;
}

TEST(Hang, ADumpThatATargetDoesNotAnswerLeavesTheWatchdogWatching) {
  const std::string text = FindingsOf([](Progress* progress) {
    const Described described(progress, []() -> std::string {
      HangForEver();
      return "";
    });
    kill(getpid(), SIGQUIT);
    HangForEver();
  });
  EXPECT_TRUE(text.starts_with("no progress in steps|")) << text;
}

TEST(Described, EndsWhenNobodyAsksAnyMore) {
  Progress progress;
  Gate asked, answer;
  auto described = std::make_optional<Described>(&progress, [&] {
    asked.Open();
    answer.Wait();
    return std::string("two workers");
  });
  std::string text;
  Atomic<bool> ended = false;
  Thread asking, ending;
  ASSERT_TRUE(asking.Start("asking", [&] { text = progress.Describe(); }).ok());
  asked.Wait();
  ASSERT_TRUE(ending
                  .Start("ending",
                         [&] {
                           described.reset();
                           ended.Store(true, kRelease);
                         })
                  .ok());
  while (progress.phases().Oldest().doing != "describing the engine") SpinPause();
  EXPECT_FALSE(ended.Load(kAcquire));
  EXPECT_EQ(progress.what(), "steps") << "others are not kept";
  answer.Open();
  asking.Join();
  ending.Join();
  EXPECT_EQ(text, "two workers");
  EXPECT_EQ(progress.Describe(), "");
}

// Many closes, each of them quick, are no hang.
TEST(Hang, PhasesThatBeginAndEndMove) {
  const std::string text = FindingsOf([](Progress* progress) {
    const int64_t end_ns = NowNs() + 900 * kNsPerMs;
    while (NowNs() < end_ns) const Phase phase(&progress->phases(), "freeing the model", "");
    const Phase last(&progress->phases(), "closing the target", "");
    const int64_t begin_ns = NowNs();
    EXPECT_GE(begin_ns, end_ns);
    HangForEver();
  });
  EXPECT_TRUE(text.starts_with("closing the target does not end|")) << text;
}

TEST(Phases, TheOldestIsTold) {
  Phases phases;
  EXPECT_EQ(phases.Oldest().doing, "");
  auto first = std::make_optional<Phase>(&phases, "a", "ENG-9");
  auto second = std::make_optional<Phase>(&phases, "b", "ITR-5");
  const Phase third(&phases, "c", "");
  EXPECT_EQ(phases.Oldest().doing, "a");
  second.reset();
  EXPECT_EQ(phases.Oldest().contract, "ENG-9");
  first.reset();
  EXPECT_EQ(phases.Oldest().doing, "c");
  EXPECT_EQ(phases.changes(), 5u);
}

}  // namespace
}  // namespace tenter
