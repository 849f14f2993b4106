// DrawProgram: random calls of the C API, most of them with the right handles.
//
// Thread safety: pure.
// Invariants: the program depends on the arguments alone.
#pragma once

#include <string_view>

#include "fuzz/api/program.h"

namespace tenter::fuzz::api {

// `contract`: of the property of which it is a program.
Program DrawProgram(std::string_view contract, int most_lines, uint64_t seed);

}  // namespace tenter::fuzz::api
