// The push path of ThreadedEngine.
#include <algorithm>
#include <new>
#include <utility>

#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/sites.h"
#include "runtime/engine/threaded/threaded_engine.h"

namespace tenter {
namespace {

// So many lines are on their way while a push takes locks. More would drive each other out of the
// cache, and be taken back by workers before they are used.
constexpr size_t kFetchedAhead = 16;

}  // namespace

Result<uint64_t> ThreadedEngine::Push(Op&& op) {
  if (!op.body) return NoBody(op.name);
  FlushMyBulks();
  ForkGateLock inside(gate_);
  // Everything that can fail happens before the first queue is touched (ERR-10).
  try {
    TENTER_HIT(probe_, engine_sites::kPushAllocate, .op = op.name);
    if (op.timeout_ns > 0 && op.body.is_async()) TENTER_RETURN_IF_ERROR(deadlines_.Start());
    return Enqueue(Prepare(&op), 1);
  } catch (const std::bad_alloc&) {
    return NoMemoryFor(op.name);
  }
}

Status ThreadedEngine::DeleteVar(Var var, std::function<void()> deleter) {
  FlushMyBulks();
  ForkGateLock inside(gate_);
  const std::string name = "delete " + var.ToString();
  try {
    Op op{.name = name, .body = DeletionBody(std::move(deleter), probe_)};
    op.writes = std::span<const Var>(&var, 1);
    PendingOp* const pending = Prepare(&op);
    pending->deletes_var = true;
    return Enqueue(pending, 1).status();
  } catch (const std::bad_alloc&) {
    return NoMemoryFor(name);
  }
}

PendingOp* ThreadedEngine::Prepare(Op* op) {
  PendingOp* const pending = pool_.Take();
  try {
    pending->SetName(op->name);
    Access* const accesses = pending->ReserveAccesses(op->reads.size() + op->writes.size());
    pending->access_count =
        static_cast<uint32_t>(NormaliseAccesses(op->reads, op->writes, accesses));
    pending->priority = op->priority;
    if (op->priority != 0) {
      SmallMutexLock lock(prioritised_mutex_);
      prioritised_.Reserve(prioritised_pending_.Load(kRelaxed) + 1);
      prioritised_pending_.FetchAdd(1, kRelaxed);
    }
  } catch (...) {
    pool_.Give(pending);
    throw;
  }
  for (Access& access : pending->accesses()) access.op = pending;
  pending->deletes_var = false;
  pending->deadline_ns = op->timeout_ns > 0 ? NowNs() + op->timeout_ns : 0;
  pending->scope = op->scope;
  pending->body = std::move(op->body);
  return pending;
}

// Vars were mostly used by another thread before: their lines come all together, not one after the
// other.
void ThreadedEngine::PrefetchVars(std::span<const Access> accesses) const {
  if (accesses.size() < 2) return;
  for (const Access& access : accesses) PrefetchVar(access);
}

void ThreadedEngine::PrefetchVar(const Access& access) const {
  if (const VarState* state = vars_.At(access.var.index)) PrefetchForWrite(state);
}

// The locks of all vars, in the order of their indices, so that two pushes cannot wait for each
// other. Returns how many it took: fewer than there are when a handle is stale.
size_t ThreadedEngine::LockVars(std::span<Access> accesses) NO_THREAD_SAFETY_ANALYSIS {
  PrefetchVars(accesses.first(std::min(accesses.size(), kFetchedAhead)));
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

void ThreadedEngine::UnlockVars(std::span<Access> accesses) NO_THREAD_SAFETY_ANALYSIS {
  for (const Access& access : accesses) vars_.Slot(access.var.index).mutex.Unlock();
}

Result<uint64_t> ThreadedEngine::Enqueue(PendingOp* op, uint64_t numbers) {
  const uint64_t push_number = TryEnqueue(op, numbers, Wake::kNow);
  if (push_number != 0) return push_number;
  Status why = ReasonOf(op);
  GiveBack(op);
  return why;
}

// Takes `numbers` push numbers and returns the first, or zero when the op is refused: then it is
// still the caller's.
uint64_t ThreadedEngine::TryEnqueue(PendingOp* op, uint64_t numbers, Wake wake) {
  const std::span<Access> accesses = op->accesses();
  FailureScope* const scope = op->scope;
  if (scope != nullptr) scope->Enter(numbers);
  const size_t locked = LockVars(accesses);
  uint64_t push_number = 0;
  bool ready = false;
  if (locked == accesses.size()) ready = Append(op, numbers, &push_number);
  // While the vars are unlocked one after the other, the op may run; it cannot end before the last
  // one is, because its end takes the lock of each of its vars. So `accesses`, which lie in the op,
  // are valid until then, and are not read after that. An op that is ready is still ours.
  UnlockVars(accesses.first(locked));
  if (ready) MakeReady(op, wake);
  if (push_number == 0) LeaveScope(scope, numbers);
  return push_number;
}

// Leaves *push_number at zero when the engine is stopped. True when the op is ready.
bool ThreadedEngine::Append(PendingOp* op, uint64_t numbers,
                            uint64_t* push_number) NO_THREAD_SAFETY_ANALYSIS {
  Epochs::Ticket ticket;
  if (!epochs_.Take(numbers, &ticket)) return false;
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

Status ThreadedEngine::WhyRefused(PendingOp* op) {
  if (epochs_.closed()) return PushAfterStop();
  for (const Access& access : op->accesses()) {
    VarState* const state = vars_.At(access.var.index);
    if (state == nullptr) return StaleVar(access.var);
    SmallMutexLock lock(state->mutex);
    if (!state->Usable(access.var)) return StaleVar(access.var);
  }
  return {StatusCode::kInternal, "a push was refused without a reason"};
}

void ThreadedEngine::GiveBack(PendingOp* op) {
  op->role = PendingOp::Role::kSingle;
  if (op->priority != 0) prioritised_pending_.FetchSub(1, kRelaxed);
  op->body.Reset();
  pool_.Give(op);
}

// To wake may mean to start a thread: whoever holds a lock leaves it for later.
void ThreadedEngine::MakeReady(PendingOp* op, Wake wake) {
  op->phase.Store(PendingOp::Phase::kReady, kRelaxed);
  if (op->priority == 0) {
    lane_.Push(op);
  } else {
    SmallMutexLock lock(prioritised_mutex_);
    prioritised_.Push(op);
    prioritised_ready_.FetchAdd(1, kSeqCst);
  }
  if (wake == Wake::kNow) parking_.NotifyOne();
}

}  // namespace tenter
