// LoadedModule: the program or library that an address lies in, for a process that dies or stands
// still.
//
// Path: PrintFrame -> LoadedModules -> ModuleOf -> "(/path/of/module+0x1a2b)".
//
// It is read from the kernel's list of mappings, since the dynamic linker answers under the lock
// that it holds while the constructors of a library run: a hang there would hang whoever asks.
//
// Thread safety: any thread, and in the handler of a signal; LoadedModules by one at a time.
// Invariants: nothing here allocates or takes a lock.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenter {

struct LoadedModule {
  uintptr_t base = 0;  // where it begins in memory
  char path[400] = "";
  uintptr_t part_begin = 0, part_end = 0;  // the mapping that has the address
};

// False for an address in no file, or when the list cannot be read.
bool ModuleOf(uintptr_t address, LoadedModule* module);

// Those that were found before: the list of a large process takes milliseconds to read, and the
// frames of many stacks lie in a few of them.
class LoadedModules {
 public:
  // Null as ModuleOf answers false. The next call may overwrite what it points to.
  const LoadedModule* Find(uintptr_t address);
  void Forget() { count_ = 0; }

 private:
  static constexpr size_t kMost = 8;
  LoadedModule found_[kMost];
  size_t count_ = 0;
};

}  // namespace tenter
