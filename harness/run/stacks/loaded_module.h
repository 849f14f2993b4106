// LoadedModule: the program or library that an address lies in, for a process that dies or stands
// still.
//
// Path: PrintFrame -> ModuleOf -> "(/path/of/module+0x1a2b)".
//
// It is read from the kernel's list of mappings, since the dynamic linker answers under the lock
// that it holds while the constructors of a library run: a hang there would hang whoever asks.
//
// Thread safety: any thread, and in the handler of a signal.
// Invariants: nothing here allocates or takes a lock.
#pragma once

#include <cstdint>

namespace tenter {

struct LoadedModule {
  uintptr_t base = 0;  // where it begins in memory
  char path[400] = "";
};

// False for an address in no file, or when the list cannot be read.
bool ModuleOf(uintptr_t address, LoadedModule* module);

}  // namespace tenter
