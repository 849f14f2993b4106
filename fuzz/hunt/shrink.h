// Shrink: the smallest program that still fails in the same way.
//
// Chunks of statements are removed first. Then the engine, the threads and the captured programs
// become simpler, then single statements and the vars, until nothing more can go. `fails` tries a
// program that fails by chance several times.
//
// Thread safety: pure; `fails` does the work.
// Ownership and lifetime: values.
// Invariants: the result failed when it was last tried.
// Errors: at its deadline it stops with the best so far.
#pragma once

#include <cstdint>
#include <functional>

#include "fuzz/program/program.h"

namespace tenter::fuzz {

using Fails = std::function<bool(const Program&)>;

Program Shrink(Program program, const Fails& fails, int64_t deadline_ns);

}  // namespace tenter::fuzz
