// Epoch: what an iterator must yield from the file of a program, worked out line by line without
// an iterator: the oracle of `fuzz iterator`.
//
// Path: Program -> Expect -> the epoch as it is without faults -> State, answer after answer.
//
// Thread safety: plain data, pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "fuzz/iterator/program.h"

namespace tenter::fuzz::iterator {

struct ExpectedBatch {
  std::vector<int64_t> lines;  // of its rows; those that fill it up come last
  int64_t first_row = 0;       // how many good rows stand before it
  int64_t pad = 0;
  // How many bad rows stand before its last row, and before the next good row behind it.
  int64_t skipped = 0, skipped_behind = 0;
};

// One epoch without faults.
struct Epoch {
  std::vector<ExpectedBatch> batches;
  bool fails = false;              // it ends with an error
  int64_t error_line = -1;         // that the error names, or -1 when it is about the whole file
  bool may_end = false;            // a file without a row: an end is right, too
  std::vector<int64_t> bad_lines;  // that are skipped
};

Epoch Expect(const Program& program);

}  // namespace tenter::fuzz::iterator
