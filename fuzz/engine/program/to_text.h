// ToText: a program, or one statement of it, as text.
//
// Path: Program -> ToText -> the report, a file -> ParseProgram.
//
// Thread safety: pure functions.
// Invariants: ParseProgram(ToText(p)) == p, for a program that Normalise leaves as it is.
#pragma once

#include <string>

#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

std::string ToText(const Statement& statement);
std::string ToText(const Program& program);

}  // namespace tenter::fuzz
