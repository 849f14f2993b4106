// Where threads are, and in which module.
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

#include "harness/stacks/crash_handlers.h"
#include "harness/stacks/loaded_module.h"
#include "harness/stacks/stack_question.h"
#include "harness/stacks/stacks_text.h"
#include "harness/stacks/thread_stacks.h"
#include "runtime/base/clock.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

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
  do text = StacksOfAll();
  while (text.find(", and 1 other: alike-1") == std::string::npos);
  const std::string stack = StackOf(text, "alike-0");
  EXPECT_NE(stack.find("    #0 0x"), std::string::npos) << text;
  EXPECT_NE(stack.find("    #3 0x"), std::string::npos) << text;
  EXPECT_NE(stack.find("stacks_test+0x"), std::string::npos) << text;
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
  const std::string stack = StackOf(StacksOfAll(), "reader");
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
  const std::string text = StacksOfAll();
  gate.Open();
  EXPECT_NE(StackOf(text, "deaf").find("does not answer"), std::string::npos) << text;
  thread.Join();
  // A late answer hurts nobody.
  EXPECT_EQ(StackOf(StacksOfAll(), "deaf"), "");
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
  std::string text = StacksOfAll();
  for (int i = 0; i < 20 && text.find(until) == std::string::npos; ++i) text = StacksOfAll();
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

}  // namespace
}  // namespace tenter
