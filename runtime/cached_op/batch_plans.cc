#include "runtime/cached_op/batch_plans.h"

#include <bit>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/cached_op/no_memory.h"
#include "runtime/cached_op/plan.h"

namespace tenter {

void BatchPlans::Prepare(size_t most, const CompileFunction& compile) noexcept {
  for (size_t i = 0; i < kSlots && SizeOf(i) <= most; ++i) {
    Slot& slot = slots_[i];
    State state = State::kAbsent;
    while (state == State::kAbsent &&
           !slot.state.CompareExchange(&state, State::kBeingMade, kAcquire)) {
    }
    if (state != State::kAbsent) continue;
    Result<std::shared_ptr<const Plan>> plan = std::shared_ptr<const Plan>();
    try {
      plan = compile(SizeOf(i));
    } catch (...) {
      plan = StatusOfCurrent();
    }
    const bool lacked = plan.status().code() == StatusCode::kResourceExhausted;
    if (plan.ok()) slot.plan = std::move(*plan);
    slot.state.Store(slot.plan != nullptr ? State::kReady
                     : lacked             ? State::kAbsent
                                          : State::kNever,
                     kRelease);
  }
}

bool BatchPlans::IsComplete(size_t most) const {
  for (size_t i = 0; i < kSlots && SizeOf(i) <= most; ++i)
    if (slots_[i].state.Load(kRelaxed) == State::kAbsent) return false;
  return true;
}

uint64_t BatchPlans::sizes() const {
  uint64_t sizes = 0;
  for (size_t i = 0; i < kSlots; ++i)
    if (slots_[i].state.Load(kAcquire) == State::kReady) sizes |= SizeOf(i);
  return sizes;
}

const std::shared_ptr<const Plan>& BatchPlans::PlanFor(size_t requests) const {
  TENTER_CHECK(std::has_single_bit(requests) && (sizes() & requests) != 0, "no such plan is ready");
  return slots_[static_cast<size_t>(std::countr_zero(requests)) - 1].plan;
}

size_t BatchPlans::bytes() const {
  size_t bytes = 0;
  for (const Slot& slot : slots_)
    if (slot.state.Load(kAcquire) == State::kReady) bytes += slot.plan->bytes();
  return bytes;
}

}  // namespace tenter
