// OpOfRequest: the body of an engine op that runs some steps of a plan for one request; the last one
// ends the request.
//
// Path: Request::RunOnEngine -> Engine::Push(OpOfRequest) -> worker -> RunOp -> Kernel::Run.
//
// Thread safety: as OpBody.
// Ownership and lifetime: refers to the arena and counts itself there, so that the arena stays
//   lent until the last body is destroyed, however the request ends. The arena keeps the plan.
// Invariants: small enough to lie inside an OpBody.
// Errors: RunOp throws what a kernel or a fault throws, and StatusError when it is cancelled.
#pragma once

#include <utility>

#include "runtime/cached_op/arena.h"

namespace tenter {

// Runs the steps of this op one after another, until one of them fails or `cancel` is requested,
// and ends the request behind the last op; does nothing when the arena is abandoned. `worker` is
// that of the engine, or negative. REQUIRES: the arena is bound, and the ops before this one that it
// shares vars with have run.
void RunOp(Arena& arena, size_t number, int worker, const CancelToken& cancel);

// A body's use of an arena, counted there as long as the body exists.
class ArenaUse {
 public:
  explicit ArenaUse(Arena* arena) : arena_(arena) { arena->BodyMade(); }
  ArenaUse(ArenaUse&& other) noexcept : arena_(std::exchange(other.arena_, nullptr)) {}
  ~ArenaUse() {
    if (arena_ != nullptr) arena_->BodyGone();
  }
  ArenaUse& operator=(ArenaUse&&) = delete;

  Arena& operator*() const { return *arena_; }

 private:
  Arena* arena_;
};

class OpOfRequest {
 public:
  OpOfRequest(Arena* arena, size_t number) : arena_(arena), number_(number) {}

  void operator()(const OpContext& context) {
    RunOp(*arena_, number_, context.worker, context.cancel);
  }

 private:
  ArenaUse arena_;
  size_t number_;
};
static_assert(sizeof(OpOfRequest) <= OpBody::kInlineBytes);

}  // namespace tenter
