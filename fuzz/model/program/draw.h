// DrawProgram: a random program, its parameters at their edges more often than between them.
//
// Thread safety: pure.
// Invariants: the program depends on the arguments alone, and ParseProgram accepts it.
#pragma once

#include <string_view>

#include "fuzz/model/program/program.h"

namespace tenter::fuzz::model {

// `contract`: of the property of which it is a program. `workers`: to choose from. `most_calls`:
// lines of calls.
Program DrawProgram(std::string_view contract, const std::vector<int>& workers, int most_calls,
                    uint64_t seed);

}  // namespace tenter::fuzz::model
