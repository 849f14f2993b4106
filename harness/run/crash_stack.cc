#include "harness/run/crash_stack.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>

#include "runtime/base/thread.h"

namespace tenter {
namespace {

constexpr int kFrames = 48;

// Where the signal struck; null where it is not known how to read that.
void* PlaceOf(const void* context) {
  if (context == nullptr) return nullptr;
#if defined(__x86_64__)
  const auto* const thread = static_cast<const ucontext_t*>(context);
  return reinterpret_cast<void*>(thread->uc_mcontext.gregs[REG_RIP]);
#else
  static_cast<void>(context);
  return nullptr;
#endif
}

// On the stack, and by itself: what was printed before is there even if the next frame is not.
void PrintFrame(int descriptor, int number, uintptr_t address) {
  char line[512];
  Dl_info module = {};
  const bool known = dladdr(reinterpret_cast<void*>(address), &module) != 0;
  const auto base = reinterpret_cast<uintptr_t>(module.dli_fbase);
  const int size = std::snprintf(line, sizeof(line), "    #%d 0x%" PRIxPTR " (%s+0x%" PRIxPTR ")\n",
                                 number, address, known ? module.dli_fname : "<unknown module>",
                                 known ? address - base : address);
  [[maybe_unused]] const auto written =
      write(descriptor, line, std::min(sizeof(line) - 1, static_cast<size_t>(size)));
}

// As the flight recorder and a debugger know it.
void PrintThread(int descriptor) {
  char line[64];
  const int size =
      std::snprintf(line, sizeof(line), "crashed: thread %" PRIx64 "\n", CurrentThreadKey());
  [[maybe_unused]] const auto written = write(descriptor, line, static_cast<size_t>(size));
}

}  // namespace

void PrepareCrashStack() {
  void* frames[1];
  backtrace(frames, 1);
}

void PrintCrashStack(int descriptor, const void* context) {
  PrintThread(descriptor);
  int number = 0;
  void* const place = PlaceOf(context);
  if (place != nullptr) PrintFrame(descriptor, number++, reinterpret_cast<uintptr_t>(place));
  void* frames[kFrames];
  const int count = backtrace(frames, kFrames);
  // The frames before it are those of the handler. A jump to nowhere has no frame of its own: then
  // those of the handler come, too.
  int first = static_cast<int>(std::find(frames, frames + count, place) - frames);
  first = first == count ? 0 : first + 1;
  // They are return addresses: the call is the instruction before.
  for (int i = first; i < count; ++i)
    PrintFrame(descriptor, number++, reinterpret_cast<uintptr_t>(frames[i]) - 1);
}

}  // namespace tenter
