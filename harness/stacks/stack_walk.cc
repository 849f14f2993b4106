#include "harness/stacks/stack_walk.h"

#include <execinfo.h>
#include <ucontext.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "harness/stacks/direct_file.h"

namespace tenter {
namespace {

constexpr int kFramesMost = 64;

}  // namespace

void PrepareStackWalk() {
  void* frames[1];
  backtrace(frames, 1);
}

uintptr_t PlaceOf(const void* context) {
  if (context == nullptr) return 0;
#if defined(__x86_64__)
  const auto* const thread = static_cast<const ucontext_t*>(context);
  return static_cast<uintptr_t>(thread->uc_mcontext.gregs[REG_RIP]);
#else
  return 0;
#endif
}

int WalkStack(uintptr_t place, std::span<uintptr_t> frames) {
  void* walked[kFramesMost];
  const int count = backtrace(walked, kFramesMost);
  // The frames before the place are those of the handler. A jump to nowhere has no frame of its
  // own: then those of the handler come, too.
  int first =
      static_cast<int>(std::find(walked, walked + count, reinterpret_cast<void*>(place)) - walked);
  first = first == count ? 0 : first + 1;
  const int kept = std::min(count - first, static_cast<int>(frames.size()));
  // They are return addresses: the call is the instruction before.
  for (int i = 0; i < kept; ++i) frames[i] = reinterpret_cast<uintptr_t>(walked[first + i]) - 1;
  return kept;
}

void PrintFrame(int descriptor, int number, uintptr_t address, LoadedModules* modules) {
  char line[512];
  LoadedModule own;
  const LoadedModule* module = nullptr;
  if (modules != nullptr)
    module = modules->Find(address);
  else if (ModuleOf(address, &own))
    module = &own;
  const int size =
      std::snprintf(line, sizeof(line), "    #%d 0x%" PRIxPTR " (%s+0x%" PRIxPTR ")\n", number,
                    address, module == nullptr ? "<unknown module>" : module->path,
                    address - (module == nullptr ? 0 : module->base));
  DirectWrite(descriptor, line, std::min(sizeof(line) - 1, static_cast<size_t>(size)));
}

}  // namespace tenter
