#include "runtime/base/thread.h"

#include <pthread.h>

#include <algorithm>
#include <new>
#include <system_error>
#include <utility>

namespace tenter {

Inheritance Inheritance::OfThisThread() {
  Inheritance inheritance;
  CPU_ZERO(&inheritance.processors_);
  sched_getaffinity(0, sizeof(inheritance.processors_), &inheritance.processors_);
  pthread_sigmask(SIG_SETMASK, nullptr, &inheritance.blocked_signals_);
  std::fegetenv(&inheritance.floating_point_);
  return inheritance;
}

void Inheritance::Apply() const {
  if (CPU_COUNT(&processors_) > 0)  // else the system told us none
    sched_setaffinity(0, sizeof(processors_), &processors_);
  pthread_sigmask(SIG_SETMASK, &blocked_signals_, nullptr);
  std::fesetenv(&floating_point_);
}

#if defined(__x86_64__)
// The control register of vectors, without the exceptions that happened.
Rounding Rounding::OfThisThread() {
  constexpr uint32_t kHappened = 0x3f;
  Rounding rounding;
  rounding.mode_ = __builtin_ia32_stmxcsr() & ~kHappened;
  return rounding;
}

void Rounding::Apply() const {
  if (OfThisThread().mode_ != mode_) __builtin_ia32_ldmxcsr(mode_);
}
#else
Rounding Rounding::OfThisThread() {
  Rounding rounding;
  rounding.mode_ = static_cast<uint32_t>(std::fegetround());
  return rounding;
}

void Rounding::Apply() const { std::fesetround(static_cast<int>(mode_)); }
#endif

void LeaveThisProcessor() {
  cpu_set_t allowed;
  const int here = sched_getcpu();
  if (here < 0 || sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  if (CPU_COUNT(&allowed) < 2) return;
  cpu_set_t others = allowed;
  CPU_CLR(here, &others);
  sched_setaffinity(0, sizeof(others), &others);
  sched_setaffinity(0, sizeof(allowed), &allowed);
}

int ProcessorCount() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return 1;
  return std::max(1, CPU_COUNT(&allowed));
}

void PinThisThread(int index) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  int left = index % CPU_COUNT(&allowed);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed) && left-- == 0) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
      return;
    }
}

std::string CurrentThreadName() {
  char name[16] = "";
  pthread_getname_np(pthread_self(), name, sizeof(name));
  return name;
}

Status Thread::Start(const std::string& name, std::function<void()> body) {
  TENTER_CHECK(!thread_.joinable(), "thread '" + name + "' was started before");
  try {
    thread_ = std::thread([short_name = name.substr(0, 15), run = std::move(body)] {
      pthread_setname_np(pthread_self(), short_name.c_str());
      run();
    });
  } catch (const std::system_error& error) {
    return {StatusCode::kResourceExhausted, "cannot start thread '" + name + "': " + error.what()};
  } catch (const std::bad_alloc&) {
    return {StatusCode::kResourceExhausted, "out of memory"};  // short: kept without allocating
  }
  return {};
}

void Thread::Join() {
  if (thread_.joinable()) thread_.join();
}

void Thread::Detach() { thread_.detach(); }

}  // namespace tenter
