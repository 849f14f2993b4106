// Shrink: the smallest program that still fails in the same way.
//
// Chunks of statements are removed first, then single words, then workers, noise and threads, until
// nothing more can go. A program that fails by chance is tried several times.
//
// Thread safety: pure; `fails` does the work.
// Ownership and lifetime: values.
// Invariants: the result failed when it was last tried.
// Errors: none; it stops at its deadline with the best so far.
#pragma once

#include <cstdint>
#include <functional>

#include "fuzz/program/program.h"

namespace tenter::fuzz {

using Fails = std::function<bool(const Program&)>;

Program Shrink(Program program, const Fails& fails, int64_t deadline_ns);

}  // namespace tenter::fuzz
