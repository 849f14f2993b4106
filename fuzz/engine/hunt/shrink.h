// Shrink: the smallest program that still fails in the same way, and does so again.
//
// Chunks of statements are removed first. Then the engine, the threads and the captured programs
// become simpler, then single statements and the vars, until nothing more can go. `fails` tries a
// program that fails by chance several times. When it is too small, it may fail once and never
// again: `comes_back` tries the smallest, and then larger ones.
//
// Thread safety: pure; `fails` and `comes_back` do the work.
// Ownership and lifetime: values.
// Invariants: the result is the program that `comes_back` accepted last; when it accepted none, the
//   one that was given.
// Errors: at its deadline it goes no further down.
#pragma once

#include <cstdint>
#include <functional>

#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

using ProgramFails = std::function<bool(const Program&)>;

Program Shrink(Program program, const ProgramFails& fails, const ProgramFails& comes_back,
               int64_t deadline_ns);

}  // namespace tenter::fuzz
