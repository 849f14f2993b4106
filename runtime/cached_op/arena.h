// Arena: all that the ops of one in-flight request refer to: the memory of its values, the tensors
// that come from and go to its caller, and the engine vars that order who uses which part.
//
//   idle --Lend: fits the plan--> lent --Bind--> the request runs its ops --TakeBack--> idle
//   child of a fork: lent to a thread of the parent --Abandon--> its ops do nothing
//
// It serves plans by turns, in the same memory, and keeps a fitting for each, so that a caller
// whose shapes change from call to call pays for that once per shape.
//
// LOCK ORDER: Arena::mutex_ is a leaf. No two threads compete for it: it is there for a fork, which
//   takes it and so does not copy an arena that is being changed.
//
// Thread safety: belongs to one request at a time; the steps of that request use distinct slots
//   at a time, as the engine's vars allow. bytes() from any thread.
// Ownership and lifetime: owns its block and its vars, and the results until they are taken;
//   borrows the inputs, which the request keeps while an op may run. The engine must outlive it.
//   Only a lent arena keeps its plan alive: an idle one must not hold a plan that the cache has
//   dropped. What it has of such a plan goes when it has to fit another one, and so does memory
//   that no other plan needs.
// Invariants: (1) the vars of the plan that needed most, and memory of the one that does, or up to
//   twice as much. (2) it is neither taken back nor destroyed while an op that refers to it exists,
//   but in the child of a fork. (3) every op writes a var, so when the deleters of all vars have
//   run, all ops have ended.
// Errors: Lend returns kResourceExhausted, kStopped when the engine was stopped, or what
//   Kernel::MakeState throws, with the node, and throws std::bad_alloc; it may have given up what
//   it kept for other plans then.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/small_mutex.h"
#include "runtime/cached_op/fitting.h"

namespace tenter {

class Request;

class Arena {
 public:
  // `engine` may be null when all plans run inline.
  explicit Arena(Engine* engine) : engine_(engine) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // True when it has a fitting for `plan`.
  bool Fits(const std::shared_ptr<const Plan>& plan) const { return FittingOf(plan) != nullptr; }

  // For one request. REQUIRES: the pool knows it, since the child of a fork could not find its vars
  // otherwise; no op is alive.
  Status Lend(std::shared_ptr<const Plan> plan) EXCLUDES(mutex_);
  // Makes the results and takes note of the inputs, which fit the plan. REQUIRES: lent.
  // `scope`: of its ops, or null.
  Status Bind(Request* request, FailureScope* scope, std::span<const Tensor> inputs)
      EXCLUDES(mutex_);
  // Forgets the request, if there is one. REQUIRES: no op is alive.
  void TakeBack() noexcept EXCLUDES(mutex_);

  // Deletes the vars, the first part of destruction. False when memory was too short: then it has
  // to be called again. Each deleter of an abandoned arena holds a reference to it, so that it
  // lives until its ops have ended.
  static bool DeleteVars(const std::shared_ptr<Arena>& arena) noexcept;

  // For an abandoned arena: blocks until the ops that the engine knows have ended. Throws what
  // AwaitVar throws.
  void AwaitVars() const;

  // What the step and the op of this number use. Inputs and outputs of the model are in it between
  // Bind and TakeBack. REQUIRES: lent.
  ArenaStep& step(size_t number) { return fitting_->step(number); }
  ArenaOp& op(size_t number) { return fitting_->op(number); }
  // Scratch for one step at a time. REQUIRES: lent; the plan has none of the workers.
  std::byte* scratch() { return fitting_->scratch(); }

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

  size_t bytes() const { return bytes_.Load(kRelaxed); }
  const Plan& plan() const { return *plan_; }
  Request* request() const { return request_; }  // that it is bound to
  // Whether the last op of the request has run to its end.
  void SetComplete() { complete_ = true; }
  bool complete() const { return complete_; }

 private:
  Fitting* FittingOf(const std::shared_ptr<const Plan>& plan) const;
  Result<Fitting*> Fit(const std::shared_ptr<const Plan>& plan) EXCLUDES(mutex_);
  Status Reserve(const Plan& plan) REQUIRES(mutex_);
  void SetBlock(std::shared_ptr<HostBlock> block) REQUIRES(mutex_);
  Status AddVars(size_t count);
  bool DeleteVar(Var var, std::function<void()> deleter);

  Engine* const engine_;
  std::shared_ptr<HostBlock> block_;
  Atomic<size_t> bytes_ = 0;  // of the block
  std::vector<std::unique_ptr<Fitting>> fittings_;
  std::vector<Var> vars_;
  bool abandoned_ = false;  // set before the child has a second thread
  SmallMutex mutex_;

  std::shared_ptr<const Plan> plan_;  // null while idle
  Fitting* fitting_ = nullptr;        // of that plan
  Request* request_ = nullptr;
  FailureScope* scope_ = nullptr;
  bool complete_ = false;
  std::span<const Tensor> inputs_;
  std::vector<Tensor> outputs_;  // the steps hold copies of these and of inputs_
};

}  // namespace tenter
