// BatchPlans: the plans by which several requests of one plan run as one: for 2, 4, 8 ... of them.
//
//   absent --Prepare--> being made --ok--> ready --> stays as long as the plan of one request
//                            \--no memory--> absent     \--any other error--> never
//
// Whoever is about to wait behind others makes the plan for so many, on its own thread, so that no
// worker ever compiles; whoever begins a request only looks for what is ready.
//
// Thread safety: every method from any thread; nobody waits.
// Ownership and lifetime: owned by the plan of one request, whose cost includes these.
// Invariants: each plan is made once; a plan that is ready never changes.
// Errors: none is told: the requests run alone then.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "runtime/base/atomic.h"
#include "runtime/base/status.h"

namespace tenter {

class Plan;

class BatchPlans {
 public:
  static constexpr size_t kMost = 128;  // requests in one batch

  using CompileFunction = std::function<Result<std::shared_ptr<const Plan>>(size_t requests)>;

  // Makes what is absent for up to `most` requests, but for what others are making. Blocks while it
  // compiles.
  void Prepare(size_t most, const CompileFunction& compile) noexcept;
  // Whether Prepare(most) has nothing to do any more.
  bool IsComplete(size_t most) const;
  // The numbers of requests for which a plan is ready, added up: they are powers of two.
  uint64_t sizes() const;
  // REQUIRES: `requests` is one of sizes().
  const std::shared_ptr<const Plan>& PlanFor(size_t requests) const;
  size_t bytes() const;

 private:
  enum class State { kAbsent, kBeingMade, kReady, kNever };
  struct Slot {
    Atomic<State> state = State::kAbsent;  // kReady is stored behind `plan`
    std::shared_ptr<const Plan> plan;
  };
  static constexpr size_t kSlots = 7;  // 2, 4 ... kMost
  static_assert(kMost == size_t{1} << kSlots);
  static size_t SizeOf(size_t slot) { return size_t{2} << slot; }

  std::array<Slot, kSlots> slots_;
};

}  // namespace tenter
