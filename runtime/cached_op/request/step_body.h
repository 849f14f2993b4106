// OpOfRequest: the body of an engine op that runs some steps of a plan for one request.
//
// Path: Request::Push -> Engine::Push(OpOfRequest) -> worker -> RunOp -> Kernel::Run.
//
// Thread safety: as OpBody.
// Ownership and lifetime: refers to the arena, which stays lent until all ops of the request have
//   ended. The arena keeps the plan.
// Invariants: small enough to lie inside an OpBody.
// Errors: RunOp throws what a kernel or a fault throws, and StatusError when it is cancelled.
#pragma once

#include "runtime/cached_op/arena.h"

namespace tenter {

// Runs the steps of this op one after another, until one of them fails or `cancel` is requested,
// and notes behind the last op that all have run; does nothing when the arena is abandoned.
// `worker` is that of the engine, or negative. REQUIRES: the arena is bound, and the ops before
// this one that it shares vars with have run.
void RunOp(Arena& arena, size_t number, int worker, const CancelToken& cancel);

struct OpOfRequest {
  Arena* arena;
  size_t number;

  void operator()(const OpContext& context) const {
    RunOp(*arena, number, context.worker, context.cancel);
  }
};
static_assert(sizeof(OpOfRequest) <= OpBody::kInlineBytes);

}  // namespace tenter
