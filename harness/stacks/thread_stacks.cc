#include "harness/stacks/thread_stacks.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "harness/stacks/direct_file.h"
#include "harness/stacks/direct_handler.h"
#include "harness/stacks/stack_question.h"
#include "harness/stacks/stack_walk.h"
#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/tsan.h"

namespace tenter {
namespace {

constexpr int kFrames = StackQuestion::kFrames, kStacks = 64, kNameBytes = 24, kNamesBytes = 200;
constexpr int64_t kAnswerTakesNs = 500 * kNsPerMs;
constexpr int64_t kWalkTakesNs = 100 * kNsPerMs;
constexpr int64_t kAllTakesNs = 2 * kNsPerSecond;

// Out of the way of what programs use: the C library has the first ones, and a few take the last.
int AskingSignal() { return SIGRTMIN + 11; }

struct Stack {
  int thread, count;  // of the first thread that has it; no frames: it did not answer
  int threads;
  uintptr_t frames[kFrames];
  char name[kNameBytes];
  char others[kNamesBytes];
  int unnamed;  // others that have no room there
};

// Whoever has set it writes what follows, and clears it with release. ThreadSanitizer does not see
// the atomics of this file, but what the C library is given of what they guard.
Atomic<bool> busy_ = false;
Stack stacks_[kStacks];
int stack_count_ = 0;
LoadedModules modules_;
int left_out_ = 0;  // threads with a stack that has no room there

StackQuestion question_;

int ThisThread() { return static_cast<int>(syscall(SYS_gettid)); }

int Walk(const void* context, uintptr_t* frames) {
  frames[0] = PlaceOf(context);
  const int first = frames[0] == 0 ? 0 : 1;
  return first + WalkStack(frames[0], {frames + first, kFrames - 1});
}

void OnAsked(int, siginfo_t*, void* context) {
  const int before = errno;
  if (const uint64_t question = question_.Take(ThisThread()); question != 0) {
    uintptr_t frames[kFrames];
    const int count = Walk(context, frames);
    question_.Give(question, {frames, static_cast<size_t>(count)});
  }
  errno = before;
}

void ReadName(int thread, char* name) {
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/self/task/%d/comm", thread);
  name[DirectFile(path).Read(name, kNameBytes - 1)] = '\0';
  if (char* const end = std::strchr(name, '\n'); end != nullptr) *end = '\0';
}

bool IsLike(const Stack& stack, const uintptr_t* frames, int count) {
  return stack.count == count && std::equal(frames, frames + count, stack.frames);
}

void Keep(int thread, const uintptr_t* frames, int count) {
  char name[kNameBytes];
  ReadName(thread, name);
  Stack* const end = stacks_ + stack_count_;
  Stack* const same =
      std::find_if(stacks_, end, [&](const Stack& stack) { return IsLike(stack, frames, count); });
  if (same != end) {
    ++same->threads;
    const size_t used = std::strlen(same->others);
    // Once one has no room, none that is shorter comes behind it.
    if (same->unnamed > 0 || used + 1 + std::strlen(name) >= kNamesBytes)
      ++same->unnamed;
    else
      std::snprintf(same->others + used, kNamesBytes - used, " %s", name);
  } else if (stack_count_ == kStacks) {
    ++left_out_;
  } else {
    *end = {.thread = thread,
            .count = count,
            .threads = 1,
            .frames = {},
            .name = {},
            .others = {},
            .unnamed = 0};
    std::copy_n(frames, count, end->frames);
    std::memcpy(end->name, name, kNameBytes);
    ++stack_count_;
  }
}

// False when the thread does not answer within `until_ns`, or has ended.
bool Ask(int thread, int64_t until_ns) {
  if (!question_.Ask(thread)) return false;
  const bool sent = syscall(SYS_tgkill, getpid(), thread, AskingSignal()) == 0;
  return question_.Await(sent ? std::min(until_ns, NowNs() + kAnswerTakesNs) : 0, kWalkTakesNs);
}

void AskAndKeep(int thread, int64_t until_ns) {
  if (NowNs() > until_ns) return Keep(thread, nullptr, 0);
  const bool answered = Ask(thread, until_ns);
  uintptr_t frames[kFrames];
  if (answered) return Keep(thread, frames, question_.Answer(frames));
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/self/task/%d", thread);
  if (DirectFile(path, O_DIRECTORY).is_open()) Keep(thread, nullptr, 0);
}

// Not readdir, which allocates. The main thread comes first: it is the one with the smallest
// number.
void AskAll(int self) {
  const int64_t until_ns = NowNs() + kAllTakesNs;
  const DirectFile folder("/proc/self/task", O_DIRECTORY);
  alignas(dirent64) char entries[4096];
  long size = 0;
  while ((size = syscall(SYS_getdents64, folder.descriptor(), entries, sizeof(entries))) > 0)
    for (long at = 0; at < size;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(entries + at);
      at += entry->d_reclen;
      const int thread = std::atoi(entry->d_name);
      if (thread > 0 && thread != self) AskAndKeep(thread, until_ns);
    }
}

__attribute__((format(printf, 2, 3))) void Print(int descriptor, const char* format, ...) {
  char line[kNamesBytes + 128];
  va_list arguments;
  va_start(arguments, format);
  const int size = std::vsnprintf(line, sizeof(line), format, arguments);
  va_end(arguments);
  DirectWrite(descriptor, line, std::min(sizeof(line) - 1, static_cast<size_t>(size)));
}

void PrintStack(int descriptor, const Stack& stack) {
  Print(descriptor, "thread %d %s", stack.thread, stack.name);
  if (stack.threads > 1)
    Print(descriptor, ", and %d other%s:%s", stack.threads - 1, stack.threads > 2 ? "s" : "",
          stack.others);
  if (stack.unnamed > 0) Print(descriptor, " and %d more", stack.unnamed);
  Print(descriptor, "\n");
  if (stack.count == 0) Print(descriptor, "    does not answer\n");
  for (int i = 0; i < stack.count; ++i) PrintFrame(descriptor, i, stack.frames[i], &modules_);
}

}  // namespace

void PrepareThreadStacks() {
  PrepareStackWalk();
  InstallDirectHandler(AskingSignal(), OnAsked);
}

void PrintThreadStacks(int descriptor, const void* context) {
  if (busy_.Exchange(true, kAcquire)) return;
  TsanAcquire(&busy_);
  const int self = ThisThread();
  stack_count_ = left_out_ = 0;
  modules_.Forget();
  if (context != nullptr) {
    uintptr_t own[kFrames];
    const int count = Walk(context, own);
    Keep(self, own, count);
  }
  AskAll(self);
  for (int i = 0; i < stack_count_; ++i) PrintStack(descriptor, stacks_[i]);
  if (left_out_ > 0)
    Print(descriptor, "and %d more thread%s, with other stacks\n", left_out_,
          left_out_ > 1 ? "s" : "");
  TsanRelease(&busy_);
  busy_.Store(false, kRelease);
}

}  // namespace tenter
