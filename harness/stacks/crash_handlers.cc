#include "harness/stacks/crash_handlers.h"

#include <signal.h>
#include <unistd.h>

#include "harness/stacks/crash_stack.h"
#include "harness/stacks/stack_walk.h"
#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

// The thread that writes the stack of the crash; 0: none yet. It orders nothing else.
Atomic<uint64_t> dying_ = 0;
constexpr int64_t kStackTakesNs = 2 * kNsPerSecond;

// What faulted faults again; what somebody sent, an abort too, does not.
void OnCrash(int signal, siginfo_t* info, void* context) {
  Die(signal, context);
  if (info->si_code <= 0) raise(signal);
}

}  // namespace

void InstallCrashHandlers() {
  PrepareStackWalk();
  struct sigaction action = {};
  action.sa_sigaction = OnCrash;
  action.sa_flags = SA_SIGINFO;
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL})
    sigaction(signal, &action, nullptr);
}

void Die(int signal, const void* context) {
  uint64_t dying = 0;
  while (dying == 0 && !dying_.CompareExchange(&dying, CurrentThreadKey(), kRelaxed)) {
  }
  if (dying == 0)
    PrintCrashStack(STDERR_FILENO, context);
  else if (dying != CurrentThreadKey())  // else it crashed again, in what it wrote
    SleepNs(kStackTakesNs);  // then this one dies: the other may wait for a lock that it holds
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
}

}  // namespace tenter
