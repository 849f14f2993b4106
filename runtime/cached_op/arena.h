// Arena: all that the ops of one in-flight request refer to: the memory of its values, the tensors
// that come from and go to its caller, and the engine vars that order who uses which part.
//
//   Create, Complete --> idle --Lend--> lent --Bind--> the request runs its ops --TakeBack--> idle
//   child of a fork: lent to a thread of the parent --Abandon--> its ops do nothing
//
// LOCK ORDER: Arena::mutex_ is a leaf. No two threads compete for it: it is there for a fork, which
//   takes it and so does not copy an arena that is being changed.
//
// Thread safety: belongs to one request at a time; the steps of that request use distinct slots
//   at a time, as the engine's vars allow.
// Ownership and lifetime: owns its block and its vars, and the results until they are taken;
//   borrows the inputs, which the request keeps while an op may run. The engine must outlive it.
//   Only a lent arena keeps its plan alive: an idle one must not hold a plan that the cache has
//   dropped.
// Invariants: (1) the vars of the plan, and one for the end of the request; none where the plan
//   runs inline, which needs no engine. (2) it is neither taken back nor destroyed while an op that
//   refers to it exists, but in the child of a fork. (3) every op writes a var, so when the
//   deleters of all vars have run, all ops have ended.
// Errors: Create and Complete return kResourceExhausted, or kStopped when the engine was stopped,
//   and throw std::bad_alloc; Complete also returns what Kernel::MakeState throws, with the node.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "runtime/base/small_mutex.h"
#include "runtime/cached_op/plan.h"
#include "runtime/engine/engine.h"

namespace tenter {

class Request;

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

class Arena {
 public:
  // Without vars: those are made once the pool knows the arena, since the child of a fork could not
  // find them otherwise. `engine` may be null when the plan runs inline.
  static Result<std::shared_ptr<Arena>> Create(Engine* engine,
                                               const std::shared_ptr<const Plan>& plan);
  // Makes the vars, and what ops and steps of `plan` use. REQUIRES: called once, with the same
  // plan. An arena for which this failed can only be destroyed.
  Status Complete(const Plan& plan);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // True when it was made for `plan`.
  bool Fits(const std::shared_ptr<const Plan>& plan) const;
  // True when it serves no later request: its plan is gone, or it is not whole.
  bool unwanted() const { return !whole_ || plan_of_idle_.expired(); }

  // For one request. REQUIRES: it fits, and no op is alive.
  void Lend(std::shared_ptr<const Plan> plan) EXCLUDES(mutex_);
  // Makes the results and takes note of the inputs, which fit the plan. REQUIRES: lent.
  // `scope`: of its ops, or null.
  Status Bind(Request* request, uint64_t number, FailureScope* scope,
              std::span<const Tensor> inputs, Probe* probe) EXCLUDES(mutex_);
  // Forgets the request. REQUIRES: no op is alive.
  void TakeBack() noexcept EXCLUDES(mutex_);

  // Deletes the vars, the first part of destruction. False when memory was too short: then it has
  // to be called again. Each deleter of an abandoned arena holds a reference to it, so that it
  // lives until its ops have ended.
  static bool DeleteVars(const std::shared_ptr<Arena>& arena) noexcept;

  // For an abandoned arena: blocks until the ops that the engine knows have ended. Throws what
  // AwaitVar throws.
  void AwaitVars() const;

  // What the step of this number uses. Inputs and outputs of the model are in it between Bind and
  // TakeBack.
  ArenaStep& step(size_t number) { return steps_[number]; }
  ArenaOp& op(size_t number) { return ops_[number]; }
  // Scratch for one step at a time. REQUIRES: the plan has none of the workers.
  std::byte* scratch() { return scratch_; }

  // The results, complete once all steps have run. REQUIRES: bound; called once.
  std::vector<Tensor> TakeOutputs() EXCLUDES(mutex_);

  // Both by the thread that forks.
  void LockForFork() ACQUIRE(mutex_) { mutex_.Lock(); }
  void UnlockAfterFork() RELEASE(mutex_) { mutex_.Unlock(); }
  // In the child of a fork, when the thread that it is lent to exists in the parent only. Its ops
  // do nothing from then on, since the inputs that they would read may be gone, and nobody is told
  // of their end.
  void Abandon();
  bool abandoned() const { return abandoned_; }

  size_t bytes() const { return block_->size_bytes(); }
  const Plan& plan() const { return *plan_; }
  // That it is bound to, and its number.
  Request* request() const { return request_; }
  uint64_t number() const { return number_; }
  // Whether the last op of the request has run to its end.
  void SetComplete() { complete_ = true; }
  bool complete() const { return complete_; }
  Probe* probe() const { return probe_; }

 private:
  Arena(Engine* engine, const std::shared_ptr<const Plan>& plan)
      : engine_(engine), plan_of_idle_(plan) {}
  // A tensor of a step that each request replaces by its own input or output.
  struct Bound {
    Tensor* tensor;
    const ValueRef* ref;
  };

  bool DeleteVar(Var var, std::function<void()> deleter);
  Status AddVars(const Plan& plan);
  void AddOp(const PlanOp& op, bool is_last);
  Status AddStep(const PlanStep& step);
  void AddTensors(const std::vector<ValueRef>& refs, std::vector<Tensor>* tensors);
  Tensor Resolve(const ValueRef& ref) const;

  Engine* const engine_;
  const std::weak_ptr<const Plan> plan_of_idle_;
  std::shared_ptr<const Plan> plan_;  // null while idle
  std::shared_ptr<HostBlock> block_;
  std::vector<void*> slots_;
  std::byte* scratch_ = nullptr;  // in the block
  std::vector<ArenaStep> steps_;
  std::vector<ArenaOp> ops_;
  std::vector<Bound> bound_;  // refers to steps_ and to the plan
  std::vector<Var> vars_;
  Var end_var_;             // that of the last op
  bool whole_ = false;      // all vars were made, and none was deleted
  bool abandoned_ = false;  // set before the child has a second thread
  SmallMutex mutex_;

  Request* request_ = nullptr;
  FailureScope* scope_ = nullptr;
  uint64_t number_ = 0;
  bool complete_ = false;
  std::span<const Tensor> inputs_;
  std::vector<Tensor> outputs_;  // the steps hold copies of these and of inputs_
  Probe* probe_ = nullptr;
};

}  // namespace tenter
