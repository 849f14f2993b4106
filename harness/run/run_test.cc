#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/faults/known_sites.h"
#include "harness/run/events.h"
#include "harness/run/function_name.h"
#include "harness/run/results_file.h"
#include "harness/run/run_plan.h"
#include "harness/run/signals.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

class RunPlanTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "run_test_" + std::to_string(getpid());
    std::filesystem::create_directory(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // A valid plan in which `from` is replaced by `to`.
  Result<RunPlan> Read(const std::string& from = "", const std::string& to = "") {
    std::string text =
        R"({"version":1,"scenario":"smoke/x","flavour":")" + std::string(BuiltFlavour()) +
        R"(","target":{"name":"reference","library":"/x.so","saboteur":""},)"
        R"("workload":{"kind":"engine_program","threads":4,"fail_percent":1},"faults":"",)"
        R"("checks":["leak"],"seed":7,"watchdog_ms":1000})";
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    std::ofstream(directory_ + "/plan.json") << text;
    return ReadRunPlan(directory_ + "/plan.json");
  }
  std::string Message(const std::string& from, const std::string& to) {
    const std::string message = Read(from, to).status().message();
    EXPECT_EQ(message.find('\n'), std::string::npos);
    return message;
  }
  std::string FileText(const char* name) {
    std::ostringstream text;
    text << std::ifstream(directory_ + "/" + name).rdbuf();
    return text.str();
  }
  std::string directory_;
};

TEST_F(RunPlanTest, ReadsAPlanAndFillsInDefaults) {
  const RunPlan plan = Read().value();
  EXPECT_EQ(plan.workload->kind, "engine_program");
  EXPECT_EQ(plan.parameters.Int("threads"), 4);
  EXPECT_EQ(plan.parameters.Int("vars"), 64);
  EXPECT_EQ(plan.parameters.Number("fail_percent"), 1.0);
  EXPECT_EQ(plan.seed, 7u);
}

TEST_F(RunPlanTest, EveryMistakeIsOneLineWithTheNearestMatch) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"\"version\":1", "\"version\":2", "run plan version 2, this runner reads version 1"},
      {"\"seed\"", "\"sead\"", "key 'seed' is missing"},
      {"\"faults\":\"\"", "\"faults\":\"\",\"fault\":\"\"",
       "unknown key 'fault', did you mean 'faults'?"},
      {"engine_program", "engine_programs",
       "unknown workload 'engine_programs', did you mean 'engine_program'?"},
      {"\"threads\":4", "\"threads\":0", "parameter 'threads': expected at least 1, found 0"},
      {"\"threads\":4", "\"thread\":4", "unknown parameter 'thread', did you mean 'threads'?"},
      {"\"threads\":4", "\"threads\":[4]", "'threads' must be a number, a text or a switch"},
      {"[\"leak\"]", "[\"leek\"]", "unknown check 'leek', did you mean 'leak'?"},
      {"\"saboteur\":\"\"", "\"saboteur\":\"flip_bits\"", "did you mean 'flip_bit'?"},
      {"\"watchdog_ms\":1000", "\"watchdog_ms\":0", "'watchdog_ms' must be positive"},
      {"\"seed\":7", "\"seed\":7.5", "'seed' must be an integer"},
      {"{\"version\"", "\"version\"", "expected one JSON object"},
  };
  for (const auto& [from, to, message] : cases)
    EXPECT_NE(Message(from, to).find(message), std::string::npos) << Message(from, to);
  EXPECT_NE(ReadRunPlan("no/such/plan.json").status().message().find("no/such/plan.json"),
            std::string::npos);
}

TEST_F(RunPlanTest, PlanOfAnotherFlavourIsRefused) {
  const std::string other = BuiltFlavour() == "tsan" ? "probe" : "tsan";
  EXPECT_NE(Message("\"flavour\":\"" + std::string(BuiltFlavour()), "\"flavour\":\"" + other)
                .find("this runner is '"),
            std::string::npos);
}

TEST_F(RunPlanTest, FindingsAreOnDiskAtOnceAndTextIsMadeSafe) {
  auto file = ResultsFile::Open(directory_).value();
  file->WriteFinding({.check = &kEpoch, .what = "w", .title = "bad byte \xff and \"quotes\"\n"});
  const std::string line = FileText("findings.jsonl");
  EXPECT_NE(line.find("\"check\":\"epoch\""), std::string::npos);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  // A second run must not write over the first.
  EXPECT_NE(ResultsFile::Open(directory_).status().message().find("cannot be created"),
            std::string::npos);
}

TEST_F(RunPlanTest, SummaryHoldsStatesAndCounts) {
  auto file = ResultsFile::Open(directory_).value();
  CheckBoard board({"epoch", "leak"}, [](const Finding&) {});
  board.Examine(kEpoch, 3);
  board.Expose("failed_ops", 3);
  Flight flight;
  const Injector injector({}, KnownSites(), 1, &flight);
  file->WriteSummary(Read().value(), board, injector, 12);
  const std::string text = FileText("summary.json");
  EXPECT_NE(text.find(R"({"name":"epoch","state":"passed","examined":3,"note":""})"),
            std::string::npos);
  EXPECT_NE(text.find(R"("state":"no_power")"), std::string::npos);
  EXPECT_NE(text.find(R"("failed_ops":3)"), std::string::npos);
}

#if !defined(TENTER_TSAN) && !defined(TENTER_ASAN)  // which have handlers of their own

// What a process writes that installs the handlers and then crashes in `crash`, and its signal.
std::pair<std::string, int> CrashOf(const std::function<void()>& crash) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    InstallSignalHandlers(STDERR_FILENO, "");
    crash();
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof(buffer))) > 0;) text.append(buffer, got);
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return {text, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

void WriteToNowhere() {
  const volatile uintptr_t nowhere = 8;  // which the compiler is not to look through
  *reinterpret_cast<volatile int*>(nowhere) = 1;
}

TEST(Crash, OfSeveralThreadsOneWritesItsStackAlone) {
  for (int i = 0; i < 40; ++i) {
    const auto [text, signal] = CrashOf([] {
      Atomic<int> ready = 0;
      std::vector<Thread> threads(2);
      for (Thread& thread : threads)
        ASSERT_TRUE(thread
                        .Start("crasher",
                               [&] {
                                 ready.FetchAdd(1, kRelaxed);
                                 while (ready.Load(kRelaxed) < 2) SpinPause();
                                 WriteToNowhere();
                               })
                        .ok());
      pause();
    });
    EXPECT_EQ(signal, SIGSEGV);
    // Frames count up from 0 once, and the walk came to the end of a thread's stack.
    std::istringstream lines(text);
    std::string first;
    EXPECT_TRUE(std::getline(lines, first) && first.starts_with("crashed: thread ")) << text;
    int number = 0;
    for (std::string line; std::getline(lines, line); ++number)
      EXPECT_TRUE(line.starts_with("    #" + std::to_string(number) + " 0x")) << text;
    EXPECT_GE(number, 4) << text;
    EXPECT_NE(text.find("libc.so"), std::string::npos) << text;
  }
}

TEST(Crash, AJumpToNowhereSaysWhere) {
  const auto [text, signal] = CrashOf([] { reinterpret_cast<void (*)()>(uintptr_t{0x1234567})(); });
  EXPECT_EQ(signal, SIGSEGV);
  std::ostringstream thread;  // of the parent, whose copy the child is
  thread << "crashed: thread " << std::hex << CurrentThreadKey() << "\n";
  EXPECT_TRUE(text.starts_with(thread.str() + "    #0 0x1234567 (<unknown module>+0x1234567)\n"))
      << text;
}

// The handler of a fault returns to the instruction, which faults again; nothing does here.
TEST(Crash, ASignalThatWasSentKillsToo) {
  for (const int sent : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
    const auto [text, signal] = CrashOf([sent] { raise(sent); });
    EXPECT_EQ(signal, sent);
    EXPECT_NE(text.find("    #0 0x"), std::string::npos) << text;
  }
}

// As a runtime makes it for each of its threads, and far too small for a walk of the stack.
TEST(Crash, ASmallStackForSignalsDoesNotLoseThePlace) {
  for (const size_t size : {2048, 4096, 7000}) {
    const auto [text, signal] = CrashOf([size] {
      Thread thread;
      ASSERT_TRUE(thread
                      .Start("crasher",
                             [size] {
                               const size_t guard = 65536;
                               auto* const memory = static_cast<char*>(
                                   mmap(nullptr, guard + size, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
                               mprotect(memory, guard, PROT_NONE);
                               const stack_t small = {memory + guard, 0, size};
                               if (sigaltstack(&small, nullptr) != 0) _exit(3);
                               WriteToNowhere();
                             })
                      .ok());
      thread.Join();
    });
    EXPECT_EQ(signal, SIGSEGV) << size;
    EXPECT_NE(text.find("    #0 0x"), std::string::npos) << size << ": " << text;
    EXPECT_NE(text.find("    #3 0x"), std::string::npos) << size << ": " << text;
  }
}

TEST(Crash, AnAbortHasAStack) {
  const auto [text, signal] = CrashOf([] { std::abort(); });
  EXPECT_EQ(signal, SIGABRT);
  EXPECT_NE(text.find("\n    #0 0x"), std::string::npos) << text;
}

#endif

// What a process writes to stdout and to stderr that begins, does `work`, and exits with 3.
std::pair<std::string, std::string> Told(const std::function<void()>& work) {
  std::string told[2];
  int out[2], err[2];
  EXPECT_EQ(pipe(out), 0);
  EXPECT_EQ(pipe(err), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    for (const int end : {out[0], out[1], err[0], err[1]}) close(end);
    events::Begin();
    work();
    std::exit(3);
  }
  const int ends[] = {out[0], err[0]};
  close(out[1]);
  close(err[1]);
  char buffer[4096];
  for (int i = 0; i < 2; ++i)
    for (ssize_t got; (got = read(ends[i], buffer, sizeof(buffer))) > 0;)
      told[i].append(buffer, got);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  close(out[0]);
  close(err[0]);
  return {told[0], told[1]};
}

constexpr const char* kExitNotice = "the process is ended by a call of exit";

TEST(Events, AreAlone) {
  const auto [events, others] = Told([] {
    std::printf("a target prints\n");
    [[maybe_unused]] const auto written = write(STDOUT_FILENO, "and writes\n", 11);
    events::TellEnd(3);
    events::TellEnd(4);
  });
  EXPECT_EQ(events, "{\"event\":\"begin\"}\n{\"event\":\"end\",\"code\":3}\n");
  EXPECT_NE(others.find("a target prints\n"), std::string::npos) << others;
  EXPECT_NE(others.find("and writes\n"), std::string::npos) << others;
  EXPECT_EQ(others.find(kExitNotice), std::string::npos) << others;
}

TEST(Events, AnExitOfSomebodyElseHasAStackAndNoEnd) {
  const auto [events, others] = Told([] { std::exit(3); });
  EXPECT_EQ(events, "{\"event\":\"begin\"}\n");
  EXPECT_NE(others.find(kExitNotice), std::string::npos) << others;
  EXPECT_NE(others.find("\n    #4 0x"), std::string::npos) << others;
}

TEST(FunctionName, IsWhatStandsBeforeTheArguments) {
  const char* const cases[][2] = {
      {"main", "main"},
      {"tenter::Engine::Push(tenter::Op*)", "tenter::Engine::Push"},
      {"A::operator()(int) const", "A::operator()"},
      {"A::operator<(A const&)", "A::operator<"},
      {"A::operator<<(int)", "A::operator<<"},
      {"A::operator->()", "A::operator->"},
      {"A::operator>=(int)", "A::operator>="},
      {"t::run_operator<float>(Tensor*)", "t::run_operator<float>"},
      {"bool t::operator==<int>(A<int> const&)", "bool t::operator==<int>"},
      {"t::operator<=>(A, A)", "t::operator<=>"},
      {"operator new(unsigned long)", "operator new"},
      {"F<void (int)>::G(long)", "F<void (int)>::G"},
      {"F<void (*)(int), G<1>>::H()", "F<void (*)(int), G<1>>::H"},
      {"t::(anonymous namespace)::Run(int)::(anonymous class)::operator()() const",
       "t::(anonymous namespace)::Run"},
      {"(anonymous namespace)::F(int)", "(anonymous namespace)::F"}};
  for (const auto& [function, name] : cases) EXPECT_EQ(FunctionName(function), name);
}

TEST(Catalogue, ListsEverythingThatAPlanMayName) {
  const std::string text = CatalogueJson();
  for (const char* name :
       {"concurrent_inference", "engine_program", "iterator_epochs", "lazy_rejection",
        "engine.op.body", "swap_outputs", "determinism", "throw(TYPE,", "delay(2000)"})
    EXPECT_NE(text.find(name), std::string::npos) << name;
}

}  // namespace
}  // namespace tenter
