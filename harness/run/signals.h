// Signals: what the process does when the target writes where it must not, and when the parent
// asks for a dump.
//
// A write into the sealed parameters of a model raises SIGSEGV at the guilty instruction. The
// handler turns it into a finding of hidden_write. Any other fault goes its usual way: the
// process writes where it was (crash_stack.h) and dies, and the parent reports a crash. SIGQUIT
// asks for a dump: the handler writes the stacks of all threads (thread_stacks.h), and the
// watchdog, where there is one, what is under way.
//
// Thread safety: Install and WatchParameters on the main thread; the handlers run anywhere.
// Ownership and lifetime: the watched range must stay mapped. A signal handler can only reach
//   static storage: this file holds the only mutable statics of the harness besides the sanitizer
//   hook.
// Invariants: (1) the first thread that crashes writes its stack, alone; others stand still until
//   the process is gone, at most two seconds. (2) handlers call only async-signal-safe functions,
//   but for those stacks, which a process writes that dies anyway.
#pragma once

#include <cstddef>
#include <string>

namespace tenter {

// `descriptor`: the file that gets the line of a hidden_write finding, with which the process ends
// in the handler, with exit code 1.
void InstallSignalHandlers(int descriptor, const std::string& hidden_write_line);

// A fault at an address inside [data, data + size) is a hidden write.
void WatchParameters(const void* data, size_t size);

// True once after each SIGQUIT.
bool DumpWasAskedFor();

}  // namespace tenter
