// Values: the integers that ops write, a function of what they read, so that a wrong order shows.
//
// Path: the body of an op writes ValueOf; the model expects it.
//
// Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

// The value that an op writes, given the values that it reads; another one in each replay.
int64_t ValueOf(const Statement& push, uint64_t number, const std::vector<int64_t>& reads);
// The value of a var before its first write, and after its deletion.
int64_t InitialValue(int instance);
inline constexpr int64_t kTombstone = -1;

}  // namespace tenter::fuzz
