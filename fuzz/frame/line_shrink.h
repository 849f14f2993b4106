// ShrinkLines: the smallest program that still fails, for programs whose lines can go one by one.
//
// Chunks of lines are removed first (delta debugging, Zeller and Hildebrandt 2002), then single
// lines become simpler, until nothing more can go. `fails` tries a program that fails by chance
// several times; when it has become too small, it may fail once and never again: `comes_back` tries
// the smallest, and then larger ones.
//
// Thread safety: pure; what it is given does the work.
// Invariants: the result is the program that `comes_back` accepted last; when it accepted none, the
//   one that was given. Every candidate has passed `mend`.
// Errors: at its deadline it goes no further down.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/frame/subject.h"

namespace tenter::fuzz {

using Lines = std::vector<std::string>;

struct LineShrinking {
  // A program whose lines fit together again, or nothing when it cannot be mended.
  std::function<std::optional<std::string>(const std::string& program)> mend;
  // Simpler forms of line `i`, the simplest first.
  std::function<Lines(const Lines& lines, size_t i)> simpler;
  Fails fails, comes_back;
  int64_t deadline_ns = 0;
};

std::string ShrinkLines(const std::string& program, const LineShrinking& how);

// With and without the newline at the end of each.
Lines SplitLines(const std::string& program);
std::string JoinLines(const Lines& lines);
// A program as a file keeps it, without what is for people: lines that begin with '#', and blank
// ones.
std::string WithoutComments(const std::string& program);
// A message about the program without its comments that begins with "line 3", with the number that
// the line has in the file.
std::string WithLinesOf(const std::string& file, const std::string& message);

// The smallest of `steps`, each smaller than the one before it, that comes back: looks back from
// the last one, further each time, then forward again, so that few are tried. The first one when
// none does: somebody else has seen that fail.
size_t SmallestThatComesBack(size_t steps, const std::function<bool(size_t)>& comes_back);

}  // namespace tenter::fuzz
