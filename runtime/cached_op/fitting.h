// Fitting: what the steps and the ops of one plan use in one arena: tensors in its memory, what the
// kernels keep from run to run, and the vars that order the ops.
//
//   Make --> Bind a request's inputs and results --> the steps run --> Unbind --> Bind ...
//
// Thread safety: belongs to one request at a time, as the arena does; the steps of that request use
//   distinct slots at a time, as the engine's vars allow.
// Ownership and lifetime: owned by its arena, whose memory and vars it refers to. Refers to the
//   plan weakly, but between Bind and Unbind, when the arena keeps it alive. May be destroyed after
//   the plan.
// Invariants: the tensors of inputs and outputs of the model are there between Bind and Unbind
//   alone.
// Errors: Make returns what Kernel::MakeState throws, with the node, and throws std::bad_alloc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "runtime/cached_op/plan.h"
#include "runtime/engine/engine.h"

namespace tenter {

// What one step of the plan uses in one arena. Made once; a request fills in what is its own.
struct ArenaStep {
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
  std::unique_ptr<KernelState> state;
  // Which of PlanStep::nodes runs, or did when the step failed.
  std::optional<size_t> at_node = std::nullopt;
};

// What one op of the plan is on the engine, in one arena.
struct ArenaOp {
  std::vector<Var> reads;
  std::vector<Var> writes;
  uint64_t push_number = 0;  // in the request that the arena is bound to
};

class Fitting {
 public:
  // What requests of `plan` need of an arena: bytes, and vars. None of the latter where they run
  // inline, else one for the end of the request and one for each of the plan.
  static size_t BytesFor(const Plan& plan);
  static size_t VarsFor(const Plan& plan);

  // REQUIRES: `memory` and `vars` are what the plan needs, or more.
  static Result<std::unique_ptr<Fitting>> Make(const std::shared_ptr<const Plan>& plan,
                                               std::byte* memory, std::span<const Var> vars);

  bool IsOf(const std::shared_ptr<const Plan>& plan) const {
    return !plan_.owner_before(plan) && !plan.owner_before(plan_);
  }
  // Its plan is gone: no request will want it.
  bool stale() const { return plan_.expired(); }
  size_t bytes() const { return bytes_; }

  ArenaStep& step(size_t number) { return steps_[number]; }
  ArenaOp& op(size_t number) { return ops_[number]; }
  // Scratch for one step at a time. REQUIRES: the plan has none of the workers.
  std::byte* scratch() const { return scratch_; }

  // The steps hold copies of these. REQUIRES: they fit the plan, which is alive.
  void Bind(std::span<const Tensor> inputs, std::span<const Tensor> outputs);
  void Unbind() noexcept;
  // The tensor that `ref` tells of. REQUIRES: as Bind.
  Tensor Resolve(const ValueRef& ref, std::span<const Tensor> inputs,
                 std::span<const Tensor> outputs) const;

 private:
  explicit Fitting(const std::shared_ptr<const Plan>& plan)
      : plan_(plan), bytes_(BytesFor(*plan)) {}
  // A tensor of a step that each request replaces by its own input or output.
  struct Bound {
    Tensor* tensor;
    const ValueRef* ref;
  };

  void PlaceSlots(const Plan& plan, std::byte* memory);
  void AddOps(const Plan& plan, std::span<const Var> vars);
  Status AddStep(const PlanStep& step);
  void AddTensors(const std::vector<ValueRef>& refs, std::vector<Tensor>* tensors);

  const std::weak_ptr<const Plan> plan_;
  const size_t bytes_;
  std::vector<void*> slots_;
  std::byte* scratch_ = nullptr;
  std::vector<ArenaStep> steps_;
  std::vector<ArenaOp> ops_;
  std::vector<Bound> bound_;  // refers to steps_ and to the plan
};

}  // namespace tenter
