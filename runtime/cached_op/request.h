// Request: one in-flight invocation of a plan, from its first node to its end.
//
// Path: CachedOp::Invoke -> Request::RunOnEngine (or RunInline) -> one op per step -> result.
//
// Thread safety: created and waited for by the caller's thread; RunStep is called by workers, for
//   distinct steps at a time where the engine allows it.
// Ownership and lifetime: lives on the caller's stack; every run returns only when no op of the
//   request is alive, because ops point to it. Borrows inputs and the arena.
// Invariants: (1) the ops of a request touch its arena, its inputs and its outputs, nothing else.
//   (2) the end op reads every slot, so it ends after all steps and carries the root failure with
//   the smallest push number.
// Errors: the Status of a run names request, node and shapes.
#pragma once

#include <span>
#include <vector>

#include "runtime/cached_op/arena.h"

namespace tenter {

class Request {
 public:
  // Inputs fit the plan's signature (checked by the caller).
  Request(uint64_t number, std::span<const Tensor> inputs, Arena* arena, Probe* probe);

  // Pushes one op per step and waits for the end. Errors: see CachedOp::Invoke.
  Status RunOnEngine(Engine* engine);

  // Runs the steps in order on the calling thread.
  Status RunInline();

  // The results. REQUIRES: the run was ok; called once.
  Result<std::vector<Tensor>> TakeOutputs();

 private:
  Status AllocateOutputs();
  Result<uint64_t> PushStep(Engine* engine, const PlanStep& step);
  Result<uint64_t> PushEnd(Engine* engine);
  void RunStep(const PlanStep& step, int executor);
  Tensor Resolve(const ValueRef& ref);
  void AwaitPushedSteps(Engine* engine);
  Status Describe(const std::string& node, const Thrown& thrown) const;

  const uint64_t number_;
  const std::span<const Tensor> inputs_;
  Arena* const arena_;
  const Plan& plan_;
  Probe* const probe_;
  std::vector<Tensor> outputs_;
};

}  // namespace tenter
