// Counts: how many cases there were and what they held, printed as coverage.
//
// Thread safety: atomic, in memory that parent and children share.
// Ownership and lifetime: SharedCounts owns that memory.
// Invariants: next_case names the case that runs, so that the parent knows it when the child dies.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/atomic.h"

namespace tenter::fuzz {

inline constexpr size_t kMostCounts = 64;  // of one subject

struct Counts {
  Atomic<uint64_t> next_case = 0;
  Atomic<uint64_t> counts[kMostCounts];  // beside Subject::counted()
};

// Counts in memory that parent and children share.
class SharedCounts {
 public:
  SharedCounts();
  ~SharedCounts();
  SharedCounts(const SharedCounts&) = delete;
  Counts* get() const { return counts_; }

 private:
  Counts* counts_;
};

}  // namespace tenter::fuzz
