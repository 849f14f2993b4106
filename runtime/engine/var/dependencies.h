// Dependencies: the vars of an engine, and how ops wait for each other through them.
//
// Path: Push -> Enqueue: lock the vars of the op in the order of their indices, take a push number,
// append the op to their queues, unlock. End of the op -> Complete, one var after the other, which
// says who was granted it.
//
// LOCK ORDER: VarState::mutex, several at once in Enqueue only, by ascending index (ENG-2); under
// it that of a VarWaiter, and those of VarTable and Epochs are never needed.
//
// Thread safety: every method from any thread; what reads the poison of an op's vars is called by
//   whoever runs that op, which holds them.
// Ownership and lifetime: owns the vars; borrows the ops, whose accesses stand in the queues.
// Invariants: (1) an op is ready exactly when all its accesses are granted. (2) a push number is
//   taken while all vars of the op are locked, so the queues of all vars agree with the order of
//   push numbers, and nothing can wait in a circle.
// Errors: NewVar throws std::bad_alloc.
#pragma once

#include <span>

#include "runtime/base/probe.h"
#include "runtime/engine/pending/pending_op.h"
#include "runtime/engine/var/var_state.h"
#include "runtime/engine/var/var_table.h"
#include "runtime/engine/var/var_waiter.h"
#include "runtime/engine/wait/epochs.h"

namespace tenter {

class Dependencies {
 public:
  Dependencies(Epochs* epochs, Probe* probe) : epochs_(epochs), probe_(probe) {}

  Var NewVar();

  // Puts `op` behind all earlier ops with which it shares a var. Takes `numbers` push numbers and
  // returns the first, or zero when the op is refused: then it is still the caller's. *ready: it
  // waits for nothing, and is the caller's to run; otherwise whoever ends what it waits for finds
  // it among its grants.
  uint64_t Enqueue(PendingOp* op, uint64_t numbers, bool* ready);
  // Errors: kStopped, kStaleHandle.
  Status WhyRefused(PendingOp* op) const noexcept;

  // Puts a thread behind all earlier writes of its var. True when there is none, and the waiter has
  // been granted. Errors: kStaleHandle.
  Result<bool> Await(VarWaiter* waiter);

  // Ends one access of `op`, and leaves `poison` in what it wrote; returns the ops to which the var
  // was granted, linked by Access::next.
  Access* Complete(const PendingOp& op, Access* access, const PoisonPtr& poison);
  // What an op of a group leaves in a var that the group holds for writing.
  void LeavePoison(uint32_t index, const PoisonPtr& poison);

  const PoisonPtr& PoisonIn(uint32_t index) const { return vars_.Slot(index).poison; }
  // A node of a program sees what the nodes before it left.
  bool HasPoisonedInput(PendingOp* op) const;
  PoisonMerge PoisonedInputs(PendingOp* op) const;

  // Vars were mostly used by another thread before: their lines come all together, not one after
  // the other.
  void Prefetch(std::span<const Access> accesses) const {
    if (accesses.size() < 2) return;
    for (const Access& access : accesses) PrefetchVar(access);
  }

  // In the child of a fork: threads that waited exist in the parent only.
  void ForgetWaiters();

  // For those who look from outside.
  VarState& Slot(uint32_t index) const { return vars_.Slot(index); }
  uint32_t size() const { return vars_.size(); }
  size_t live() const { return vars_.live(); }

 private:
  void PrefetchVar(const Access& access) const {
    if (const VarState* state = vars_.At(access.var.index)) PrefetchForWrite(state);
  }
  size_t LockVars(std::span<const Access> accesses);
  void UnlockVars(std::span<const Access> accesses);
  bool Append(PendingOp* op, uint64_t numbers, uint64_t* push_number);
  const PoisonPtr& PoisonAt(const PendingOp& op, const Access& access) const;

  Epochs* const epochs_;
  Probe* const probe_;
  VarTable<VarState> vars_;
};

}  // namespace tenter
