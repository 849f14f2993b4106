// StepBody: the body of the engine op that runs one step of a plan for one request.
//
// Path: Request::RunOnEngine -> Engine::Push(StepBody) -> worker -> RunStep -> Kernel::Run.
//
// Thread safety: as OpBody.
// Ownership and lifetime: refers to the arena and counts itself there, so that the arena stays lent
//   until the last body is destroyed, however the request ends. The arena keeps the plan alive.
// Invariants: small enough to lie inside an OpBody.
// Errors: RunStep throws what the kernel or a fault throws.
#pragma once

#include <algorithm>
#include <utility>

#include "runtime/cached_op/arena.h"

namespace tenter {

// Runs the step of this number with the scratch memory of `executor`; does nothing when the arena
// is abandoned. REQUIRES: the arena is bound, and the steps that this one reads from have run.
void RunStep(Arena& arena, size_t number, int executor);

class StepBody {
 public:
  StepBody(Arena* arena, size_t number) : arena_(arena), number_(number) { arena->AddOp(); }
  StepBody(StepBody&& other) noexcept
      : arena_(std::exchange(other.arena_, nullptr)), number_(other.number_) {}
  ~StepBody() {
    if (arena_ != nullptr) arena_->OpGone();
  }
  StepBody& operator=(StepBody&&) = delete;

  void operator()(const OpContext& context) {
    RunStep(*arena_, number_, std::max(context.worker, 0));
  }

 private:
  Arena* arena_;
  size_t number_;
};
static_assert(sizeof(StepBody) <= OpBody::kInlineBytes);

}  // namespace tenter
