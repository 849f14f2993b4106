// ProcessAllocations: the allocations of this process, as AllocationFaults makes them fail.
//
// Path: AllocationFaults::Arm -> FailingAllocations -> operator new and malloc of the executable,
//   which those of every library resolve to.
//
// Thread safety: as AllocationFaults.
// Ownership and lifetime: one per process, in an executable that has tenter_fail_allocations().
#pragma once

#include <optional>

#include "harness/faults/allocation_faults.h"
#include "runtime/base/failing_allocations.h"

namespace tenter {

class ProcessAllocations final : public AllocationFaults {
 public:
  std::string Obstacle(Allocator allocator) const override {
    return allocator == Allocator::kNew || FailingAllocations::kMallocMayFail
               ? ""
               : "the sanitizer of this flavour does not survive a malloc that fails";
  }
  void Arm(int64_t n, Allocator allocator) override {
    failing_.emplace(n, FailingAllocations::Whose::kEveryThread, FailingAllocations::HowMany::kOne,
                     allocator == Allocator::kNew ? FailingAllocations::Which::kOperatorNew
                                                  : FailingAllocations::Which::kMallocToo);
  }
  Counts Disarm() override {
    const bool failed = failing_->Disarm();
    return {.seen = failing_->seen(), .failed = failed};
  }
  int64_t live_blocks() const override { return blocks_.live(); }

 private:
  std::optional<FailingAllocations> failing_;
  LiveBlocks blocks_;
};

}  // namespace tenter
