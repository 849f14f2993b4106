// FailingAllocations: the n-th allocation of a call fails, for the tests of this floor. The file
// beside it replaces the global operator new, so it belongs into a test binary of its own.
//
// Thread safety: one object at a time. With kThisThread what other threads allocate is neither
//   counted nor failed.
// Ownership and lifetime: in force from construction to Disarm, or to destruction.
// Invariants: exactly one allocation fails, if there are so many.
#pragma once

#include <cstdint>

namespace tenter {

class FailingAllocations {
 public:
  enum class Whose { kThisThread, kEveryThread };

  // REQUIRES: n > 0.
  FailingAllocations(int64_t n, Whose whose);
  ~FailingAllocations() { Disarm(); }
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;

  // True when the n-th allocation came, and failed.
  bool Disarm();
};

}  // namespace tenter
