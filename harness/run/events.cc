#include "harness/run/events.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "harness/stacks/crash_stack.h"
#include "runtime/base/atomic.h"
#include "runtime/base/check.h"

namespace tenter::events {
namespace {

constexpr int kFirstDescriptor = 100;  // out of the way of a target that counts descriptors

// Written by Begin, before there is another thread.
int descriptor_ = STDOUT_FILENO;
// Set by TellEnd, read when the process exits; it orders nothing else.
Atomic<bool> told_ = false;

void Write(const char* line, size_t size) {
  [[maybe_unused]] const auto written = write(descriptor_, line, size);
}

void OnExit() {
  if (told_.Load(kRelaxed)) return;
  constexpr char kText[] = "the process is ended by a call of exit, from here:\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, kText, sizeof(kText) - 1);
  PrintCrashStack(STDERR_FILENO, nullptr);
}

}  // namespace

void Begin() {
  const int own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, kFirstDescriptor);
  if (own >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0) descriptor_ = own;
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // what a target printed is there when it crashes
  TENTER_CHECK(std::atexit(OnExit) == 0, "no room to hear of the exit");
  Tell("{\"event\":\"begin\"}");
}

void Tell(const std::string& json) {
  const std::string line = json + "\n";
  Write(line.data(), line.size());
}

void TellEnd(int code) {
  if (told_.Exchange(true, kRelaxed)) return;
  char line[64];
  const int size = std::snprintf(line, sizeof(line), "{\"event\":\"end\",\"code\":%d}\n", code);
  Write(line, static_cast<size_t>(size));
}

}  // namespace tenter::events
