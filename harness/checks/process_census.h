// ProcessCensus: how many threads, descriptors and mappings this process has, and how much memory;
// for the leak check.
//
// Thread safety: any thread; the numbers are those of the moment.
// Ownership and lifetime: a value.
// Errors: a number that cannot be read is 0.
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/checks/check_board.h"

namespace tenter {

struct ProcessCensus {
  int64_t threads = 0;
  int64_t descriptors = 0;
  int64_t mappings = 0;
  int64_t resident_kb = 0;
  // Of no file, in memory or swapped out: what the process alone holds. The kernel drops and reads
  // anew the pages of files (code, models, the flight recorder) as it likes.
  int64_t anonymous_kb = 0;

  static ProcessCensus Now();
};

// Reports threads and descriptors that `before` did not have. Threads that were joined may take
// the kernel a moment to disappear, so a higher count is looked at again for up to a second.
// `contract` is the one of what was freed meanwhile.
void CheckCensus(const ProcessCensus& before, std::string_view contract, CheckBoard* board);

}  // namespace tenter
