// Request: one in-flight invocation of a plan, from its first node to its end, as its caller sees
// it: it pushes, waits, and names what failed.
//
// Path: CachedOp::Invoke -> Request::RunOnEngine (or RunInline) -> one op per step ->
// Arena::TakeOutputs.
//
// Thread safety: belongs to the caller's thread.
// Ownership and lifetime: borrows inputs and arena. No op refers to it: ops refer to the arena,
//   whose lease waits for them. So an exception may destroy the request at any time.
// Invariants: (1) the ops of a request touch its arena, its inputs and its outputs, nothing else.
//   (2) the end op reads every slot, so it ends after all steps and carries the root failure with
//   the smallest push number.
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

  // Pushes one op per step and waits for the end. Errors: see CachedOp::Invoke.
  Status RunOnEngine(Engine* engine);

  // Runs the steps in order on the calling thread.
  Status RunInline();

 private:
  Status PushSteps(Engine* engine);
  Result<uint64_t> PushStep(Engine* engine, size_t number);
  Result<uint64_t> PushEnd(Engine* engine);
  std::string NodeOf(const std::string& step_name) const;
  Status Describe(const std::string& step_name, const Thrown& thrown) const;

  const uint64_t number_;
  const std::span<const Tensor> inputs_;
  Arena* const arena_;
  const Plan& plan_;
  Probe* const probe_;
};

}  // namespace tenter
