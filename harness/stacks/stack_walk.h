// StackWalk: the frames of a thread that a signal interrupted, and the lines that say them.
//
//       #0 0x7f3a (/path/of/module+0x1a2b)
//
// The form is that of a sanitizer whose symbolizer is switched off. What an address means is found
// by the driver, because nothing that allocates may run in a process that dies.
//
// Thread safety: any thread; PrepareStackWalk on the main thread, before the others begin.
// Invariants: nothing here allocates or takes a lock, the dynamic linker's included, but for
//    PrepareStackWalk.
#pragma once

#include <cstdint>
#include <span>

#include "harness/stacks/loaded_module.h"

namespace tenter {

// Loads what a first walk of a stack loads, which allocates.
void PrepareStackWalk();

// Where the signal struck whose handler was given `context`; 0 where it is not known how to read
// that, or `context` is null.
uintptr_t PlaceOf(const void* context);

// Of the calling thread, the innermost first: the frames below `place`, which are those before the
// handler began, or all of them when it is none of them. Each lies inside of the instruction that
// calls. Returns how many were written.
int WalkStack(uintptr_t place, std::span<uintptr_t> frames);

// One line. It is written by itself: what was printed before is there even if the next frame is
// not. `modules`: what was found for the frames before; null where the stack is too small for it.
void PrintFrame(int descriptor, int number, uintptr_t address, LoadedModules* modules = nullptr);

}  // namespace tenter
