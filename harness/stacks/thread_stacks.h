// ThreadStacks: where each thread of the process is, for a process that stands still.
//
// Path: watchdog, or SIGQUIT -> PrintThreadStacks -> a finding, or stderr -> the driver, which
//    turns module and offset into functions and lines.
//
//   thread 4711 main
//       #0 0x7f3a (/path/of/module+0x1a2b)
//   thread 4712 tenter-w0, and 3 others: tenter-w1 tenter-w2 tenter-w3
//       #0 ...
//
// Threads and names that have no room are counted, as "and 6 more".
//
// Each thread is sent a signal, one after the other, whose handler walks its stack
// (stack_question.h). The kernel is asked to call that handler, and not the sanitizer, which keeps
// signals for threads that wait in a call that it does not know.
//
// Thread safety: PrintThreadStacks from any thread and from a handler; of two at once the second
//    writes nothing.
// Ownership and lifetime: what a handler writes into has static storage.
// Invariants: (1) it takes at most some two seconds, whatever state the threads are in; one that
//    blocks the signal is told as such. (2) it allocates nothing and takes no lock of ours.
#pragma once

namespace tenter {

// The main thread, before there are others.
void PrepareThreadStacks();

// Writes the stacks of all threads but the caller's, those that are alike once; and that of the
// caller when it is the handler of a signal that was given `context`.
void PrintThreadStacks(int descriptor, const void* context = nullptr);

}  // namespace tenter
