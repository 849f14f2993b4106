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
  AwaitFirstCall();
  BulkHost* const host = this;
  return std::make_unique<ThreadedBulk>(host, &bulks_, probe_, std::max<size_t>(1, most_ops));
}

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
    if (TryEnqueue(leader, ops, ReadyOps::Wake::kLater) != 0) return {};
    leader->role = PendingOp::Role::kSingle;
    pool_.Give(leader);
  }
  Status status;
  for (PendingOp* op = first; op != nullptr;) {
    auto* const next = static_cast<PendingOp*>(op->next_ready.Load(kRelaxed));
    FailureScope* const scope = op->scope;
    if (TryEnqueue(op, 1, ReadyOps::Wake::kLater) == 0) {
      if (status.ok()) status = dependencies_.WhyRefused(op);
      op->next_ready.Store(handed_over->refused, kRelaxed);
      handed_over->refused = op;
    }
    LeaveScope(scope, 1);  // it was in its scope since it was put into the bulk
    op = next;
  }
  return status;
}

void ThreadedEngine::FinishHandOver(const HandedOver& handed_over) {
  if (!handed_over.any) return;
  {
    ForkGateLock inside(gate_);
    ready_.WakeOne();
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

PendingOp* ThreadedEngine::RunGroup(PendingOp* leader, int worker) {
  const uint64_t first = leader->push_number.Load(kRelaxed);
  uint64_t number = first;
  for (PendingOp* op = leader->group; op != nullptr;) {
    auto* const following = static_cast<PendingOp*>(op->next_ready.Load(kRelaxed));
    op->push_number.Store(number++, kRelaxed);
    Outcome outcome{.decision = Decide(op, worker)};
    RunHere(op, worker, &outcome);
    op->body.Reset();
    workers_.Runs(worker, nullptr);
    const PoisonPtr poison = ends_.Record(op, std::move(outcome), worker);
    LeaveScope(op->scope, 1);
    for (const Access& access : op->accesses())
      if (Writes(access.mode)) dependencies_.LeavePoison(access.var.index, poison);
    pool_.Give(op);
    op = following;
  }
  PendingOp* next = nullptr;
  for (Access& access : leader->accesses())
    ends_.Complete(*leader, &access, dependencies_.PoisonIn(access.var.index), worker, &next);
  ends_.CountEnded(leader->epoch, number - first, worker);
  leader->role = PendingOp::Role::kSingle;
  pool_.Give(leader);
  return next;
}

}  // namespace tenter
