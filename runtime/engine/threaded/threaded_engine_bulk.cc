// Groups of small ops in ThreadedEngine: a leader over the union of their vars, and the ops behind
// it, which run one after the other while the leader holds the vars. What an op leaves in a var is
// written there at once: nobody else sees it before the leader has ended.
#include <algorithm>
#include <new>
#include <utility>

#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/threaded/threaded_bulk.h"
#include "runtime/engine/threaded/threaded_engine.h"

namespace tenter {

std::unique_ptr<Bulk> ThreadedEngine::NewBulk(size_t most_ops) {
  return std::make_unique<ThreadedBulk>(this, std::max<size_t>(1, most_ops));
}

void ThreadedEngine::JoinBulk(ThreadedBulk* bulk) {
  MutexLock lock(bulks_mutex_);
  bulks_.push_back(bulk);
  open_bulks_.FetchAdd(1, kSeqCst);
}

void ThreadedEngine::LeaveBulk(ThreadedBulk* bulk) {
  MutexLock lock(bulks_mutex_);
  bulks_.erase(std::find(bulks_.begin(), bulks_.end(), bulk));
  open_bulks_.FetchSub(1, kSeqCst);
}

// The groups of one thread, before it pushes something else; or of all, before anybody waits.
void ThreadedEngine::FlushBulksOf(uint64_t thread, const ThreadedBulk* but) {
  HandedOver handed_over;
  {
    MutexLock lock(bulks_mutex_);
    for (ThreadedBulk* bulk : bulks_)
      if (bulk != but && (thread == kAnyThread || bulk->owner() == thread))
        bulk->HandOverNow(&handed_over);
  }
  FinishHandOver(handed_over);
}

// Takes `ops` ops that are linked by next_ready. Refused as a whole, they are pushed one by one:
// those that are refused again are given back in the end, and the first reason is returned.
Status ThreadedEngine::PushGroup(PendingOp* first, size_t ops, size_t accesses,
                                 HandedOver* handed_over) {
  ForkGateLock inside(gate_);
  handed_over->any = true;
  PendingOp* leader = nullptr;
  try {
    if (ops > 1) leader = MakeLeader(first, accesses);
  } catch (const std::bad_alloc&) {
    // Then without a group.
  }
  if (leader != nullptr) {
    if (TryEnqueue(leader, ops, Wake::kLater) != 0) return {};
    leader->role = PendingOp::Role::kSingle;
    pool_.Give(leader);
  }
  Status status;
  for (PendingOp* op = first; op != nullptr;) {
    auto* const next = static_cast<PendingOp*>(op->next_ready.Load(kRelaxed));
    FailureScope* const scope = op->scope;
    if (TryEnqueue(op, 1, Wake::kLater) == 0) {
      if (status.ok()) status = ReasonOf(op);
      op->next_ready.Store(handed_over->refused, kRelaxed);
      handed_over->refused = op;
    }
    LeaveScope(scope, 1);  // it was in its scope since it was put into the bulk
    op = next;
  }
  return status;
}

// As WhyRefused, but does not throw: ops are on their way that somebody must be woken for.
Status ThreadedEngine::ReasonOf(PendingOp* op) {
  try {
    return WhyRefused(op);
  } catch (const std::bad_alloc&) {
    return {StatusCode::kResourceExhausted, "out of memory"};  // short: kept without allocating
  }
}

// What may not happen under the locks of a bulk: to start a worker, and to destroy what the bodies
// of refused ops captured.
void ThreadedEngine::FinishHandOver(const HandedOver& handed_over) {
  if (!handed_over.any) return;
  {
    ForkGateLock inside(gate_);
    parking_.NotifyOne();
  }
  for (PendingOp* op = handed_over.refused; op != nullptr;) {
    auto* const next = static_cast<PendingOp*>(op->next_ready.Load(kRelaxed));
    GiveBack(op);
    op = next;
  }
}

PendingOp* ThreadedEngine::MakeLeader(PendingOp* first, size_t accesses) {
  PendingOp* const leader = pool_.Take();
  Access* all;
  try {
    leader->SetName("bulk");
    all = leader->ReserveAccesses(accesses);
  } catch (...) {
    pool_.Give(leader);
    throw;
  }
  Access* end = all;
  for (PendingOp* op = first; op != nullptr;
       op = static_cast<PendingOp*>(op->next_ready.Load(kRelaxed)))
    for (const Access& access : op->accesses()) *end++ = {.var = access.var, .mode = access.mode};
  leader->access_count = static_cast<uint32_t>(MergeAccesses(all, end));
  for (Access& access : leader->accesses()) access.op = leader;
  leader->role = PendingOp::Role::kLeader;
  leader->group = first;
  leader->priority = 0;
  leader->deletes_var = false;
  leader->deadline_ns = 0;
  leader->scope = nullptr;  // each op has its own
  return leader;
}

PendingOp* ThreadedEngine::RunGroup(PendingOp* leader, int index) {
  const uint64_t first = leader->push_number.Load(kRelaxed);
  uint64_t number = first;
  for (PendingOp* op = leader->group; op != nullptr;) {
    auto* const following = static_cast<PendingOp*>(op->next_ready.Load(kRelaxed));
    op->push_number.Store(number++, kRelaxed);
    Outcome outcome{.decision = Decide(op, index)};
    RunHere(op, index, &outcome);
    DestroyBody(op, index);
    const PoisonPtr poison = RecordOutcome(op, std::move(outcome), tallies_[index]);
    LeaveScope(op->scope, 1);
    for (const Access& access : op->accesses())
      if (Writes(access.mode)) LeavePoison(access.var.index, poison);
    pool_.Give(op);
    op = following;
  }
  PendingOp* next = nullptr;
  for (Access& access : leader->accesses())
    HandOn(*leader, Complete(leader, &access, vars_.Slot(access.var.index).poison), index, &next);
  CountEnded(leader->epoch, number - first, index);
  leader->role = PendingOp::Role::kSingle;
  pool_.Give(leader);
  return next;
}

// REQUIRES: the calling worker holds the var for writing.
void ThreadedEngine::LeavePoison(uint32_t index, const PoisonPtr& poison) {
  VarState& state = vars_.Slot(index);
  if (state.poison == poison) return;
  PoisonPtr before;  // destroyed without the lock, since an exception is the user's
  SmallMutexLock lock(state.mutex);
  before = std::exchange(state.poison, poison);
}

}  // namespace tenter
