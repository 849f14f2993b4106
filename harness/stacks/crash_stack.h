// CrashStack: where a process dies of a signal, as lines on stderr that the parent reads.
//
// Path: SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT -> PrintCrashStack -> stderr -> the driver, which
//    turns module and offset into functions and lines.
//
//   crashed: thread 7f0a2b3c4d50
//   #0 0x7f3a (/path/of/module+0x1a2b)
//
// The place where the signal struck is written before the stack is walked: a walk over a stack that
// is damaged may be the last thing that the process does. A stack that is used up has no room for
// any of it: then nothing is written, but under AddressSanitizer, whose threads have another one
// for signals. One that the target made is not used, since it may be too small.
//
// Thread safety: any thread, once PrepareStackWalk was called.
// Invariants: PrintCrashStack allocates nothing and takes no lock of ours.
#pragma once

namespace tenter {

// Writes the stack of a thread that a signal interrupted to `descriptor`; `context` is what its
// handler was given, or null for the stack of the caller.
void PrintCrashStack(int descriptor, const void* context);

}  // namespace tenter
