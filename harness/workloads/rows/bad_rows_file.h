// BadRowsFile: a CSV file of which we know which lines are bad, because it is made here from a
// seed.
//
// Path: SkippedRowsTold (skipped_rows.cc) -> BadRowsFile -> the target reads it, the workload
// compares.
//
// Each line is one row. A good one tells its own number: the values of line n are
// (n - 1) * columns, and so on by one. A bad one has a number too many, a number too few, or a
// word.
//
// Thread safety: read-only after Write.
// Ownership and lifetime: a value; the file stays with whoever owns its folder.
// Invariants: (1) good and bad lines together are 1 to `rows`, both ascending. (2) which lines are
//   bad depends on the seed alone.
// Errors: Write returns kInvalidArgument when no row would be good, kInternal when the file cannot
//   be written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/rng.h"
#include "runtime/base/status.h"

namespace tenter {

struct BadRowsOptions {
  int64_t rows = 1, columns = 1, bad_rows = 0;
  uint64_t seed = 1;
};

class BadRowsFile {
 public:
  static Result<BadRowsFile> Write(std::string path, const BadRowsOptions& options);

  const std::string& path() const { return path_; }
  const std::vector<int64_t>& good_lines() const { return good_; }
  const std::vector<int64_t>& bad_lines() const { return bad_; }

  // REQUIRES: `line` is a good one.
  double Value(int64_t line, int64_t column) const {
    return static_cast<double>((line - 1) * columns_ + column);
  }

  // How many good and how many bad lines stand before `line`.
  int64_t GoodBefore(int64_t line) const;
  int64_t BadBefore(int64_t line) const;

 private:
  BadRowsFile(std::string path, int64_t columns) : path_(std::move(path)), columns_(columns) {}
  std::string GoodRow(int64_t line) const;
  std::string BadRow(int64_t line, Rng* rng) const;

  std::string path_;
  int64_t columns_;
  std::vector<int64_t> good_, bad_;
};

}  // namespace tenter
