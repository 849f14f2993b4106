// WhyNot: what is wrong with a program that somebody wrote, in words.
//
// Path: ParseProgram -> WhyNot. A program of which every line can be read may still break the rules
// of program.h: it names a var that nobody makes, or Normalise would make another one of it.
//
// Thread safety: pure.
#pragma once

#include <string>
#include <vector>

#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

// Empty: nothing is. `lines`: where each statement stands, for the message.
std::string WhyNot(const Program& program, const std::vector<int>& lines);

}  // namespace tenter::fuzz
