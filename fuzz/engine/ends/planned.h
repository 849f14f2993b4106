// Planned: the exceptions that ops of a program throw, recognised again when a wait throws them.
//
// Thread safety: any thread.
// Ownership and lifetime: each exception is Counted, so that one that an engine leaks is seen.
// Invariants: every planned exception carries the number of its op; a deleter's is negative and
//   names its var.
#pragma once

#include <cstdint>

#include "fuzz/engine/history/caught.h"
#include "runtime/engine/completion.h"

namespace tenter::fuzz {

// Planned exceptions alive in this process.
int64_t LivePlanned();

[[noreturn]] void ThrowPlanned(Type type, int id);
// Uses the handle of an op as its statement says: it fails, or it is done.
void EndAsPlanned(const Statement& push, Completion handle);

// Describes the exception that is being handled. REQUIRES: inside a catch block.
Caught Identify();

}  // namespace tenter::fuzz
