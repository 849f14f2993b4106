// DirectHandler: a signal handler that the kernel calls, past a sanitizer.
//
// ThreadSanitizer puts itself between: it keeps a signal until the thread comes to a call that it
// knows. A thread that hangs never comes there. Such a handler may interrupt the sanitizer itself,
// so it is for a process that is looked at for the last time.
//
// Thread safety: the main thread, before there are others.
// Invariants: with the handler all signals are blocked; calls that it interrupts go on where the
//   system lets them.
#pragma once

#include <signal.h>

namespace tenter {

void InstallDirectHandler(int signal, void (*handler)(int, siginfo_t*, void*));

}  // namespace tenter
