// Request: one in-flight invocation of a plan, from its first node to its end, as its caller sees
// it: it pushes, waits, and names what failed.
//
// Path: CachedOp::Invoke -> Request::RunOnEngine (or RunInline) -> the ops of the plan ->
// Arena::TakeOutputs.
//
// Thread safety: belongs to the caller's thread.
// Ownership and lifetime: borrows inputs and arena. No op refers to it: ops refer to the arena,
//   whose lease waits for them. So an exception may destroy the request at any time.
// Invariants: (1) the ops of a request touch its arena, its inputs and its outputs, nothing else.
//   (2) the last op begins when all others have ended, and carries the root failure with the
//   smallest push number.
// Errors: the Status of a run names the request, and node and shapes when a node failed. Both runs
//   throw std::bad_alloc. After an error ops may still be alive.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "runtime/cached_op/arena.h"

namespace tenter {

class Request {
 public:
  // Inputs fit the plan's signature (checked by the caller). REQUIRES: `arena` is lent.
  Request(uint64_t number, std::span<const Tensor> inputs, Arena* arena, Probe* probe)
      : number_(number), inputs_(inputs), arena_(arena), plan_(arena->plan()), probe_(probe) {}

  // Pushes the ops of the plan and waits for the last one. Errors: see CachedOp::Invoke.
  Status RunOnEngine(Engine* engine);

  // Runs the steps in order on the calling thread. REQUIRES: the plan runs inline.
  Status RunInline();

 private:
  Status Push(Engine* engine);
  size_t OpOf(uint64_t push_number) const;
  std::string NodeOf(size_t op) const;
  Status Describe(size_t op, const Thrown& thrown) const;

  const uint64_t number_;
  const std::span<const Tensor> inputs_;
  Arena* const arena_;
  const Plan& plan_;
  Probe* const probe_;
};

}  // namespace tenter
