// ParseProgram: the text of a program, read.
//
// Path: a file, or the text of a report -> ParseProgram -> Execute.
//
// Thread safety: pure.
// Errors: kInvalidArgument with the line and the word that do not fit, or when the statements do
//   not fit together (Normalise would change them).
#pragma once

#include <string>

#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

Result<Program> ParseProgram(const std::string& text);

}  // namespace tenter::fuzz
