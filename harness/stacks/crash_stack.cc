#include "harness/stacks/crash_stack.h"

#include <cinttypes>
#include <cstdint>
#include <cstdio>

#include "harness/stacks/direct_file.h"
#include "harness/stacks/stack_walk.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

constexpr int kFrames = 48;

// As the flight recorder and a debugger know it.
void PrintThread(int descriptor) {
  char line[64];
  const int size =
      std::snprintf(line, sizeof(line), "crashed: thread %" PRIx64 "\n", CurrentThreadKey());
  DirectWrite(descriptor, line, static_cast<size_t>(size));
}

}  // namespace

void PrintCrashStack(int descriptor, const void* context) {
  PrintThread(descriptor);
  int number = 0;
  const uintptr_t place = PlaceOf(context);
  if (place != 0) PrintFrame(descriptor, number++, place);
  uintptr_t frames[kFrames];
  const int count = WalkStack(place, frames);
  for (int i = 0; i < count; ++i) PrintFrame(descriptor, number++, frames[i]);
}

}  // namespace tenter
