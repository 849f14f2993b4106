#include "runtime/engine/var/dependencies.h"

#include <algorithm>
#include <utility>

#include "runtime/engine/pending/captured_program.h"
#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/sites.h"

namespace tenter {
namespace {

// So many lines are on their way while a push takes locks. More would drive each other out of the
// cache, and be taken back by workers before they are used.
constexpr size_t kFetchedAhead = 16;

// Takes the waiting threads out of a list of grants and lets them go with the var's poison. They
// hold nothing, so what follows them in the list was granted too.
Access* GrantWaiters(Access* granted, const PoisonPtr& poison) {
  Access* ops = nullptr;
  Access** last = &ops;
  while (granted != nullptr) {
    Access* const next = granted->next;  // a waiter is gone once it is granted
    if (granted->mode == AccessMode::kWait) {
      static_cast<VarWaiter*>(granted)->Grant(poison);
    } else {
      *last = granted;
      last = &granted->next;
    }
    granted = next;
  }
  *last = nullptr;
  return ops;
}

}  // namespace

Var Dependencies::NewVar() {
  const uint32_t index = vars_.Add();
  VarState& state = vars_.Slot(index);
  SmallMutexLock lock(state.mutex);
  state.live = true;
  return {index, state.generation};
}

uint64_t Dependencies::Enqueue(PendingOp* op, uint64_t numbers, bool* ready) {
  const std::span<Access> accesses = op->accesses();
  const size_t locked = LockVars(accesses);
  uint64_t push_number = 0;
  *ready = locked == accesses.size() && Append(op, numbers, &push_number);
  // While the vars are unlocked one after the other, the op may run; it cannot end before the last
  // one is, because its end takes the lock of each of its vars. So `accesses`, which lie in the op,
  // are valid until then, and are not read after that. An op that is ready is still ours.
  UnlockVars(accesses.first(locked));
  return push_number;
}

// The locks of all vars, in the order of their indices, so that two pushes cannot wait for each
// other. Returns how many it took: fewer than there are when a handle is stale. (The analysis of
// locks cannot follow a number of them that is known at run time only.)
size_t Dependencies::LockVars(std::span<const Access> accesses) NO_THREAD_SAFETY_ANALYSIS {
  Prefetch(accesses.first(std::min(accesses.size(), kFetchedAhead)));
  for (size_t i = 0; i < accesses.size(); ++i) {
    if (i + kFetchedAhead < accesses.size()) PrefetchVar(accesses[i + kFetchedAhead]);
    VarState* const state = vars_.At(accesses[i].var.index);
    if (state == nullptr) return i;
    // Two handles of one slot: one of them is stale, and the lock is ours already.
    if (i > 0 && accesses[i - 1].var.index == accesses[i].var.index) return i;
    state->mutex.Lock();
    if (!state->Usable(accesses[i].var)) {
      state->mutex.Unlock();
      return i;
    }
  }
  return accesses.size();
}

// As LockVars: what it unlocks is known at run time only.
void Dependencies::UnlockVars(std::span<const Access> accesses) NO_THREAD_SAFETY_ANALYSIS {
  for (const Access& access : accesses) vars_.Slot(access.var.index).mutex.Unlock();
}

// Leaves *push_number at zero when the engine is stopped. True when the op is ready. The caller
// holds the locks of all vars of the op, which the analysis of locks cannot express.
bool Dependencies::Append(PendingOp* op, uint64_t numbers,
                          uint64_t* push_number) NO_THREAD_SAFETY_ANALYSIS {
  Epochs::Ticket ticket;
  if (!epochs_->Take(numbers, &ticket)) return false;
  *push_number = ticket.number;
  op->push_number.Store(ticket.number, kRelaxed);
  op->epoch = ticket.epoch;
  uint32_t waiting_for = 0;
  for (Access& access : op->accesses()) {
    VarState& state = vars_.Slot(access.var.index);
    if (!state.queue.Append(&access)) ++waiting_for;
    state.deleting = op->deletes_var;
  }
  op->waiting_for.Store(waiting_for, kRelaxed);  // the unlock of a var releases it
  op->phase.Store(PendingOp::Phase::kWaiting, kRelaxed);
  return waiting_for == 0;
}

Status Dependencies::WhyRefused(PendingOp* op) const noexcept {
  if (epochs_->closed()) return PushAfterStop();
  for (const Access& access : op->accesses()) {
    VarState* const state = vars_.At(access.var.index);
    if (state == nullptr) return StaleVar(access.var);
    SmallMutexLock lock(state->mutex);
    if (!state->Usable(access.var)) return StaleVar(access.var);
  }
  return RefusedWithoutReason();
}

Result<bool> Dependencies::Await(VarWaiter* waiter) {
  VarState* const state = vars_.At(waiter->var.index);
  if (state == nullptr) return StaleVar(waiter->var);
  SmallMutexLock lock(state->mutex);
  if (!state->Usable(waiter->var)) return StaleVar(waiter->var);
  if (!state->queue.Append(waiter)) return false;
  waiter->GrantAtOnce(state->poison);
  return true;
}

Access* Dependencies::Complete(const PendingOp& op, Access* access, const PoisonPtr& poison) {
  const uint32_t index = access->var.index;
  VarState& state = vars_.Slot(index);
  PoisonPtr before;  // destroyed without the lock, since an exception is the user's
  Access* granted;
  {
    SmallMutexLock lock(state.mutex);
    if (Writes(access->mode) && state.poison != poison)
      before = std::exchange(state.poison, poison);
    granted = GrantWaiters(state.queue.Complete(access), state.poison);
    if (!op.deletes_var) return granted;
    state.live = false;
    state.deleting = false;
    ++state.generation;
  }
  TENTER_HIT(probe_, engine_sites::kDeleted, .op = op.name(), .var = index);
  vars_.Remove(index);
  return granted;
}

void Dependencies::LeavePoison(uint32_t index, const PoisonPtr& poison) {
  VarState& state = vars_.Slot(index);
  if (state.poison == poison) return;
  PoisonPtr before;  // destroyed without the lock, since an exception is the user's
  SmallMutexLock lock(state.mutex);
  before = std::exchange(state.poison, poison);
}

const PoisonPtr& Dependencies::PoisonAt(const PendingOp& op, const Access& access) const {
  return op.is_node() ? op.program->PoisonIn(access.slot) : PoisonIn(access.var.index);
}

bool Dependencies::HasPoisonedInput(PendingOp* op) const {
  for (const Access& access : op->accesses())
    if (Reads(access.mode) && PoisonAt(*op, access) != nullptr) return true;
  return false;
}

PoisonMerge Dependencies::PoisonedInputs(PendingOp* op) const {
  PoisonMerge merge;
  for (const Access& access : op->accesses())
    if (Reads(access.mode)) merge.Add(PoisonAt(*op, access));
  return merge;
}

void Dependencies::ForgetWaiters() {
  for (uint32_t index = 0; index < vars_.size(); ++index) {
    SmallMutexLock lock(vars_.Slot(index).mutex);
    vars_.Slot(index).queue.RemoveWaits();
  }
}

}  // namespace tenter
