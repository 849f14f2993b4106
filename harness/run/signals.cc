#include "harness/run/signals.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "harness/run/events.h"
#include "harness/stacks/crash_handlers.h"
#include "harness/stacks/direct_handler.h"
#include "harness/stacks/stack_walk.h"
#include "harness/stacks/thread_stacks.h"
#include "runtime/base/atomic.h"
#include "runtime/base/check.h"

namespace tenter {
namespace {

constexpr size_t kLineBytesMax = 4096;

// A thread's own stack has room for the handler, unless it is used up; a stack for signals that the
// target gave a thread may have none, and then the place would be lost of every crash there. That
// of AddressSanitizer is large.
#if defined(TENTER_ASAN)
constexpr int kStackFlag = SA_ONSTACK;
#else
constexpr int kStackFlag = 0;
#endif

// Written before the handlers are installed, read by them.
char hidden_write_line_[kLineBytesMax];
size_t hidden_write_line_bytes_ = 0;
int descriptor_ = -1;
// Stored with release by WatchParameters, loaded with acquire by the handler.
Atomic<uintptr_t> watched_begin_ = 0;
Atomic<uintptr_t> watched_end_ = 0;
// Set by the SIGQUIT handler, taken by DumpWasAskedFor; orders nothing else.
Atomic<bool> dump_asked_ = false;

void OnFault(int signal, siginfo_t* info, void* context) {
  const auto address =
      info->si_code > 0 ? reinterpret_cast<uintptr_t>(info->si_addr) : uintptr_t{0};
  if (address >= watched_begin_.Load(kAcquire) && address < watched_end_.Load(kAcquire)) {
    // Nothing can be done about a failed write here; the exit code still says that there was a
    // finding.
    [[maybe_unused]] const auto written =
        write(descriptor_, hidden_write_line_, hidden_write_line_bytes_);
    events::TellEnd(1);
    _exit(1);
  }
  Die(signal, context);                   // the instruction runs again and faults
  if (info->si_code <= 0) raise(signal);  // unless somebody sent the signal: then nothing faults
}

void OnOtherFault(int signal, siginfo_t*, void* context) {
  Die(signal, context);
  raise(signal);
}

// The stacks come from here, since the watchdog may be gone, or stuck itself.
void OnQuit(int, siginfo_t*, void* context) {
  const int before = errno;
  dump_asked_.Store(true, kRelaxed);
  PrintThreadStacks(STDERR_FILENO, context);
  errno = before;
}

}  // namespace

void InstallSignalHandlers(int descriptor, const std::string& hidden_write_line) {
  TENTER_CHECK(hidden_write_line.size() < kLineBytesMax, "the finding does not fit its buffer");
  std::memcpy(hidden_write_line_, hidden_write_line.data(), hidden_write_line.size());
  hidden_write_line_bytes_ = hidden_write_line.size();
  descriptor_ = descriptor;
  struct sigaction fault = {};
  fault.sa_sigaction = OnFault;
  fault.sa_flags = SA_SIGINFO | kStackFlag;
  PrepareStackWalk();
  sigaction(SIGSEGV, &fault, nullptr);
  sigaction(SIGBUS, &fault, nullptr);
  fault.sa_sigaction = OnOtherFault;
  for (const int signal : {SIGABRT, SIGFPE, SIGILL}) sigaction(signal, &fault, nullptr);
  PrepareThreadStacks();
  InstallDirectHandler(SIGQUIT, OnQuit);
}

void WatchParameters(const void* data, size_t size) {
  watched_begin_.Store(reinterpret_cast<uintptr_t>(data), kRelease);
  watched_end_.Store(reinterpret_cast<uintptr_t>(data) + size, kRelease);
}

bool DumpWasAskedFor() { return dump_asked_.Exchange(false, kRelaxed); }

}  // namespace tenter
