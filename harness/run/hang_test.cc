// What is told of a process that stands still.
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "harness/faults/known_sites.h"
#include "harness/run/stacks/loaded_module.h"
#include "harness/run/signals.h"
#include "harness/run/stacks/stack_question.h"
#include "harness/run/stacks/thread_stacks.h"
#include "harness/run/watchdog.h"
#include "harness/workloads/handles.h"
#include "runtime/base/clock.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

std::string Stacks() {
  const int file = memfd_create("stacks", 0);
  PrintThreadStacks(file);
  std::string text(static_cast<size_t>(lseek(file, 0, SEEK_CUR)), '\0');
  EXPECT_EQ(pread(file, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  close(file);
  return text;
}

// The part of the text that begins with the line of the thread of this name.
std::string StackOf(const std::string& text, const std::string& name) {
  const size_t at = text.find(" " + name);
  if (at == std::string::npos) return "";
  const size_t end = text.find("\nthread ", at);
  return text.substr(at, end == std::string::npos ? end : end - at);
}

class ThreadStacksTest : public testing::Test {
 protected:
  void SetUp() override { PrepareThreadStacks(); }
};

TEST_F(ThreadStacksTest, ThreadsThatWaitAlikeAreTogether) {
  Gate gate, there[2];
  std::vector<Thread> threads(3);
  for (size_t i = 0; i < 2; ++i)
    ASSERT_TRUE(threads[i]
                    .Start("alike-" + std::to_string(i),
                           [&, i] {
                             there[i].Open();
                             gate.Wait();
                           })
                    .ok());
  for (Gate& one : there) one.Wait();
  // A thread is at the gate a moment after it said that it comes.
  std::string text;
  do text = Stacks();
  while (text.find(", and 1 other: alike-1") == std::string::npos);
  const std::string stack = StackOf(text, "alike-0");
  EXPECT_NE(stack.find("    #0 0x"), std::string::npos) << text;
  EXPECT_NE(stack.find("    #3 0x"), std::string::npos) << text;
  EXPECT_NE(stack.find("run_test+0x"), std::string::npos) << text;
  EXPECT_EQ(stack.find("does not answer"), std::string::npos) << text;
  gate.Open();
}

// In a call of the system that no sanitizer knows of: it would keep the signal until it returns.
TEST_F(ThreadStacksTest, AThreadInACallOfTheSystemHasAStack) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  Gate there;
  Thread thread;
  char byte = 0;
  ASSERT_TRUE(thread
                  .Start("reader",
                         [&] {
                           there.Open();
                           syscall(SYS_read, ends[0], &byte, 1);
                         })
                  .ok());
  there.Wait();
  const std::string stack = StackOf(Stacks(), "reader");
  EXPECT_EQ(write(ends[1], "x", 1), 1);
  thread.Join();
  EXPECT_EQ(byte, 'x') << "the call went on";
  EXPECT_NE(stack.find("    #2 0x"), std::string::npos) << stack;
  close(ends[0]);
  close(ends[1]);
}

TEST_F(ThreadStacksTest, AThreadThatBlocksSignalsIsToldAsSuch) {
  Gate gate, there;
  Thread thread;
  ASSERT_TRUE(thread
                  .Start("deaf",
                         [&] {
                           sigset_t all;
                           sigfillset(&all);
                           pthread_sigmask(SIG_BLOCK, &all, nullptr);
                           there.Open();
                           gate.Wait();
                         })
                  .ok());
  there.Wait();
  const std::string text = Stacks();
  gate.Open();
  EXPECT_NE(StackOf(text, "deaf").find("does not answer"), std::string::npos) << text;
  thread.Join();
  // A late answer hurts nobody.
  EXPECT_EQ(StackOf(Stacks(), "deaf"), "");
}

TEST(StackQuestion, AnAnswerThatComesTooLateIsNotThatOfAnother) {
  const uintptr_t of_one[] = {1, 1, 1}, of_two[] = {2, 2};
  StackQuestion question;
  ASSERT_TRUE(question.Ask(1));
  EXPECT_EQ(question.Take(2), 0u);
  const uint64_t first = question.Take(1);
  EXPECT_NE(first, 0u);
  EXPECT_FALSE(question.Await(0, 0)) << "it is in the middle of its answer";
  ASSERT_TRUE(question.Ask(2));
  EXPECT_FALSE(question.Give(first, of_one));
  const uint64_t second = question.Take(2);
  EXPECT_NE(second, 0u) << "it is still asked";
  EXPECT_TRUE(question.Give(second, of_two));
  EXPECT_TRUE(question.Await(0, 0));
  uintptr_t frames[StackQuestion::kFrames];
  EXPECT_EQ(question.Answer(frames), 2);
  EXPECT_EQ(frames[0], 2u);
  // The same thread once more, while its first answer is under way.
  ASSERT_TRUE(question.Ask(1));
  const uint64_t old = question.Take(1);
  EXPECT_FALSE(question.Await(0, 0));
  ASSERT_TRUE(question.Ask(1));
  const uint64_t current = question.Take(1);
  EXPECT_FALSE(question.Give(old, of_two));
  EXPECT_TRUE(question.Give(current, of_one));
  EXPECT_TRUE(question.Await(0, 0));
  EXPECT_EQ(question.Answer(frames), 3);
}

// Each is another place.
template <int kPlace>
__attribute__((noinline)) int StandAt(Gate* there, Gate* gate) {
  there->Open();
  gate->Wait();
  return kPlace;
}
using Place = int (*)(Gate*, Gate*);

// The stacks with a thread at each of these places, once `until` is told.
std::string StacksOfMany(const std::vector<Place>& places, const std::string& until) {
  Gate gate;
  std::vector<Gate> there(places.size());
  std::vector<Thread> threads(places.size());
  for (size_t i = 0; i < places.size(); ++i) {
    const auto stand = [&, i] { places[i](&there[i], &gate); };
    EXPECT_TRUE(threads[i].Start("many-threads-" + std::to_string(i), stand).ok());
  }
  for (Gate& one : there) one.Wait();
  // A thread is at the gate a moment after it said that it comes.
  std::string text = Stacks();
  for (int i = 0; i < 20 && text.find(until) == std::string::npos; ++i) text = Stacks();
  gate.Open();
  return text;
}

template <size_t... kPlaces>
std::vector<Place> Different(std::index_sequence<kPlaces...>) {
  return {&StandAt<static_cast<int>(kPlaces)>...};
}

// Of 19 others, nine with 15 and four with 16 signs have room in 200.
TEST_F(ThreadStacksTest, NamesWithoutRoomAreCounted) {
  const std::string wanted = " many-threads-13 and 6 more\n";
  const std::string text = StacksOfMany(std::vector<Place>(20, &StandAt<0>), wanted);
  EXPECT_NE(text.find(wanted), std::string::npos) << text;
}

TEST_F(ThreadStacksTest, StacksWithoutRoomAreCounted) {
  const std::string wanted = " more threads, with other stacks\n";
  const std::string text = StacksOfMany(Different(std::make_index_sequence<70>()), wanted);
  EXPECT_TRUE(text.ends_with(wanted)) << text;
}

// The middle of each part that has code, of each program and library here.
std::vector<uintptr_t> CodeHere() {
  std::vector<uintptr_t> code;
  dl_iterate_phdr(
      [](dl_phdr_info* module, size_t, void* out) {
        for (int i = 0; i < module->dlpi_phnum; ++i) {
          const ElfW(Phdr)& part = module->dlpi_phdr[i];
          if (part.p_type == PT_LOAD && (part.p_flags & PF_X) != 0)
            static_cast<std::vector<uintptr_t>*>(out)->push_back(module->dlpi_addr + part.p_vaddr +
                                                                 part.p_memsz / 2);
        }
        return 0;
      },
      &code);
  return code;
}

TEST(LoadedModule, BeginsWhereTheLinkerSays) {
  const std::vector<uintptr_t> code = CodeHere();
  EXPECT_GE(code.size(), 4u) << "this program, libc, the linker and the system's part";
  for (const uintptr_t address : code) {
    Dl_info wanted = {};
    ASSERT_NE(dladdr(reinterpret_cast<void*>(address), &wanted), 0);
    LoadedModule module;
    ASSERT_TRUE(ModuleOf(address, &module)) << wanted.dli_fname;
    EXPECT_EQ(module.base, reinterpret_cast<uintptr_t>(wanted.dli_fbase)) << wanted.dli_fname;
    std::error_code none;
    if (module.path[0] == '/') {
      EXPECT_TRUE(std::filesystem::equivalent(module.path, wanted.dli_fname, none)) << module.path;
    }
  }
}

// However many parts there are: some are kept, and none is taken for another one.
TEST(LoadedModule, IsTheSameWhenItWasFoundBefore) {
  LoadedModules modules;
  for (int again = 0; again < 3; ++again)
    for (const uintptr_t address : CodeHere()) {
      LoadedModule wanted;
      ASSERT_TRUE(ModuleOf(address, &wanted));
      const LoadedModule* const found = modules.Find(address);
      ASSERT_NE(found, nullptr);
      EXPECT_EQ(found->base, wanted.base);
      EXPECT_STREQ(found->path, wanted.path);
      EXPECT_EQ(modules.Find(8), nullptr);
    }
}

TEST(LoadedModule, IsNoneOfAnAddressInNoFile) {
  LoadedModule module;
  EXPECT_FALSE(ModuleOf(8, &module));
  EXPECT_FALSE(ModuleOf(UINTPTR_MAX, &module));
  const std::vector<char> heap(1 << 22);
  EXPECT_FALSE(ModuleOf(reinterpret_cast<uintptr_t>(heap.data() + heap.size() / 2), &module));
}

// As a library does that reads what was appended to it: the copy may lie right before the module.
TEST(LoadedModule, ACopyOfItsFileIsAnother) {
  Dl_info own = {};
  ASSERT_NE(dladdr(reinterpret_cast<void*>(&CodeHere), &own), 0);
  const auto base = reinterpret_cast<uintptr_t>(own.dli_fbase);
  LoadedModule module;
  ASSERT_TRUE(ModuleOf(reinterpret_cast<uintptr_t>(&CodeHere), &module));
  const int file = open(module.path, O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  const size_t size = std::filesystem::file_size(module.path) / 65536 * 65536;
  void* const copy = mmap(reinterpret_cast<void*>(base - size), size, PROT_READ,
                          MAP_PRIVATE | MAP_FIXED_NOREPLACE, file, 0);
  close(file);
  ASSERT_EQ(reinterpret_cast<uintptr_t>(copy), base - size);
  EXPECT_TRUE(ModuleOf(reinterpret_cast<uintptr_t>(&CodeHere), &module));
  EXPECT_EQ(module.base, base);
  EXPECT_TRUE(ModuleOf(base - 1, &module));
  EXPECT_EQ(module.base, base - size);
  munmap(copy, size);
}

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
