// AllocationFaults: the n-th allocation of the process fails, whoever makes it.
//
// Path: workload -> Arm(n) -> one call into the target -> Disarm -> the checks compare what the
//   call answered. The runner carries it out (harness/run/process_allocations.h): the target is a
//   shared library, and only the executable stands before its allocator.
//
// Thread safety: Arm and Disarm on one thread, in turn; allocations on any thread meet the fault.
// Ownership and lifetime: one per run.
// Invariants: (1) from Arm to Disarm exactly one allocation fails, if there are so many. (2)
//   threads that watch the run are spared.
#pragma once

#include <cstdint>
#include <string>

namespace tenter {

class AllocationFaults {
 public:
  static constexpr int64_t kNever = INT64_MAX;  // for n: only counts

  enum class Allocator { kNew, kMalloc };  // operator new alone, or whatever malloc gives

  struct Counts {
    int64_t seen = 0;  // allocations since Arm
    bool failed = false;
  };

  virtual ~AllocationFaults() = default;
  // Why `allocator` cannot be made to fail in this process; empty when it can.
  virtual std::string Obstacle(Allocator allocator) const = 0;
  // REQUIRES: n > 0, not armed, and no obstacle.
  virtual void Arm(int64_t n, Allocator allocator) = 0;
  virtual Counts Disarm() = 0;

  // Blocks that were allocated and not freed. The difference of two readings is what matters.
  virtual int64_t live_blocks() const = 0;
};

}  // namespace tenter
