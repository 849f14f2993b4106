// CrashHandlers: a process that dies of a signal says first where.
//
// Path: SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT -> Die -> PrintCrashStack -> stderr -> the parent.
//
// Thread safety: InstallCrashHandlers before there are other threads; Die from any.
// Invariants: the process dies of the signal that struck it, as without the handlers.
#pragma once

namespace tenter {

// A sanitizer has handlers of its own, which say more.
void InstallCrashHandlers();

// In a handler of `signal`, with what that was given: writes the stack, and puts the default action
// in the place of the handler. The process dies when the handler returns to an instruction that
// faults again, or raises the signal. Several threads may crash at once: two stacks in one another,
// or the half of one, would be another defect every time, so that the second waits a while.
void Die(int signal, const void* context);

}  // namespace tenter
