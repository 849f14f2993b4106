// FailingAllocations: allocations of this process that fail, from the n-th on or the n-th alone.
//
// Path: test or runner -> FailingAllocations -> operator new and malloc of this process -> whoever
//   allocates, shared libraries included.
//
// The file beside it replaces operator new, malloc and their kin. It is in no floor: an executable
// asks for it with tenter_fail_allocations() of cmake/room.cmake. While no object exists they are
// what they were, at the price of one relaxed load.
//
// Thread safety: one object at a time; allocations on any thread. SpareThisThread: up to
//   kSparedThreads times in a process.
// Ownership and lifetime: in force from construction to Disarm, or to destruction.
// Invariants: (1) what another thread allocates under kThisThread, or a spared one, is neither
//   counted nor failed. (2) with kOne exactly one allocation fails, if there are so many.
#pragma once

#include <cstdint>

namespace tenter {

class FailingAllocations {
 public:
  enum class Whose { kThisThread, kEveryThread };
  enum class HowMany { kOne, kAllFromThere };
  // What counts and fails: operator new, or malloc, calloc, realloc and the aligned ones as well.
  enum class Which { kOperatorNew, kMallocToo };

  // The sanitizers need malloc themselves, when a thread starts for example, and end the process
  // when it fails.
#if defined(TENTER_TSAN) || defined(TENTER_ASAN)
  static constexpr bool kMallocMayFail = false;
#else
  static constexpr bool kMallocMayFail = true;
#endif

  static constexpr int64_t kNever = INT64_MAX;  // for n: only counts
  static constexpr int kSparedThreads = 4;

  // REQUIRES: n > 0; kMallocMayFail for kMallocToo.
  FailingAllocations(int64_t n, Whose whose, HowMany how_many = HowMany::kOne,
                     Which which = Which::kOperatorNew);
  ~FailingAllocations() { Disarm(); }
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;

  // True when an allocation failed.
  bool Disarm();

  int64_t seen() const;    // allocations that counted, those that failed included
  int64_t failed() const;  // of them

  // Never counts or fails what the calling thread allocates: for a thread that watches.
  static void SpareThisThread();
};

// How many blocks of the process were allocated and not freed while it counts, on all threads. The
// difference of two readings is what matters.
//
// Thread safety: one object at a time; live from any thread.
// Ownership and lifetime: counts from construction to destruction.
class LiveBlocks {
 public:
  LiveBlocks();
  ~LiveBlocks();
  LiveBlocks(const LiveBlocks&) = delete;
  LiveBlocks& operator=(const LiveBlocks&) = delete;

  int64_t live() const;  // negative when more was freed
};

}  // namespace tenter
