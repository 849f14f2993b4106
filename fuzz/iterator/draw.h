// DrawProgram: a random program, its parameters at their edges more often than between them.
//
// Thread safety: pure.
// Invariants: the program depends on the arguments alone.
#pragma once

#include <string_view>

#include "fuzz/iterator/program.h"

namespace tenter::fuzz::iterator {

// `contract`: of the property of which it is a program. `most_calls`: lines of calls.
Program DrawProgram(std::string_view contract, int most_calls, uint64_t seed);

}  // namespace tenter::fuzz::iterator
