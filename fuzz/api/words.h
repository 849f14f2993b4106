// Words: what may stand behind the verb and the handles of a line, each with its value.
//
// Path: ParseProgram -> ParseWords -> Line; Line -> WordsText -> ToText; SimplerWords -> shrinking.
//
// Thread safety: pure.
// Invariants: a word that does not fit its line is neither read nor written, and one that has the
//   value that it has anyway is not written.
// Errors: ParseWords names the word at which a line is none, and what might have stood there.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "fuzz/api/program.h"

namespace tenter::fuzz::api {

// A line is none at `word`, or at its end when that is empty.
Status Wrong(const std::string& word, const std::string& why);
// The rest of a line whose verb is known.
Status ParseWords(std::istringstream& in, Line* line);
// Each with a space before it.
std::string WordsText(const Line& line);
// The line without one of its words: one line for each.
std::vector<Line> SimplerWords(const Line& line);

}  // namespace tenter::fuzz::api
