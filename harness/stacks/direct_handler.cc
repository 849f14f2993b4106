#include "harness/stacks/direct_handler.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "runtime/base/check.h"

namespace tenter {
namespace {

// What rt_sigaction takes: not the struct of the C library.
struct KernelAction {
  void (*handler)(int, siginfo_t*, void*);
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

// AddressSanitizer gives its threads a large stack for signals.
#if defined(TENTER_ASAN)
constexpr int kStackFlag = SA_ONSTACK;
#else
constexpr int kStackFlag = 0;
#endif

}  // namespace

void InstallDirectHandler(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_RESTART | kStackFlag;
  sigfillset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
  // The C library has filled in how a handler returns; whose handler that is has still to be said.
  KernelAction known = {};
  const bool read = syscall(SYS_rt_sigaction, signal, nullptr, &known, sizeof(known.mask)) == 0;
  known.handler = handler;
  TENTER_CHECK(read && syscall(SYS_rt_sigaction, signal, &known, nullptr, sizeof(known.mask)) == 0,
               "no handler for signal " + std::to_string(signal));
}

}  // namespace tenter
