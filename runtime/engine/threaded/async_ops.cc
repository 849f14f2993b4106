#include "runtime/engine/threaded/async_ops.h"

#include <utility>

#include "runtime/engine/pending/captured_program.h"
#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/sites.h"
#include "runtime/engine/threaded/op_ends.h"

namespace tenter {

Completion AsyncOps::Begin(PendingOp* op) {
  op->bits.Store(PendingOp::kBodyActive | PendingOp::kHandleAlive | PendingOp::kOpen, kRelaxed);
  handles_.Add();
  return {this, op};
}

void AsyncOps::StartTimer(PendingOp* op) {
  if (op->deadline_ns == 0) return;
  static constexpr Deadlines::Sort kDeadline = {.passed = [](void* async, void* late) {
    static_cast<AsyncOps*>(async)->DeadlinePassed(static_cast<PendingOp*>(late));
  }};
  op->bits.FetchOr(PendingOp::kTimed, kAcqRel);
  try {
    deadlines_->Add(op->deadline_ns, &kDeadline, this, op);
  } catch (...) {
    op->bits.FetchAnd(~PendingOp::kTimed, kAcqRel);
    op->deadline_ns = 0;
    throw;
  }
}

PendingOp* AsyncOps::BodyReturned(PendingOp* op, int worker, Thrown thrown) {
  uint32_t bits = op->bits.Load(kAcquire);
  bool claimed = false;  // by this exchange: what was wanted before a failed one says nothing
  while (!claimed && (bits & PendingOp::kClaimed) == 0) {
    const bool claims = !thrown.empty() || (bits & PendingOp::kHandleDropped) != 0;
    const uint32_t wanted = claims ? bits | PendingOp::kClaimed : bits & ~PendingOp::kBodyActive;
    TENTER_HIT(probe_, engine_sites::kClaim, .op = op->name(), .worker = worker);
    if (!op->bits.CompareExchange(&bits, wanted, kAcqRel)) continue;
    if (!claims) return nullptr;  // the handle or the deadline ends it
    claimed = true;
  }
  PendingOp* next = nullptr;
  uint32_t users = PendingOp::kBodyActive;
  if (claimed) {
    Outcome outcome{.thrown = std::move(thrown)};
    if (outcome.thrown.empty()) {
      outcome.place = FailurePlace::kDropped;
      outcome.thrown = CompletionDropped();
    }
    next = host_->End(op, std::move(outcome), worker);
    users |= PendingOp::kOpen;
  } else if (!thrown.empty()) {
    host_->RecordLate(*op, std::move(thrown));
  }
  Release(op, users);
  return next;
}

void AsyncOps::OnCompleted(void* op, Thrown error) {
  auto* pending = static_cast<PendingOp*>(op);
  const ProbeOutcome fault = TENTER_HIT(probe_, engine_sites::kComplete, .op = pending->name());
  if (fault.drop_completion) return OnDropped(op);
  HandleUsed(pending, {.place = FailurePlace::kCompletion, .thrown = std::move(error)});
}

void AsyncOps::OnDropped(void* op) {
  HandleUsed(static_cast<PendingOp*>(op),
             {.place = FailurePlace::kDropped, .thrown = CompletionDropped()});
}

void AsyncOps::HandleUsed(PendingOp* op, Outcome outcome) {
  {
    ForkGateLock inside(*gate_);
    EndByHandle(op, std::move(outcome));
  }
  handles_.Gone();  // last: the engine may be destroyed when the last handle is gone
}

void AsyncOps::EndByHandle(PendingOp* op, Outcome outcome) {
  uint32_t bits = op->bits.Load(kAcquire);
  bool claimed = false;
  while (!claimed && (bits & PendingOp::kClaimed) == 0) {
    // Perhaps the handle dies because the body is throwing: then the exception is the cause. The
    // end of the body knows.
    const bool claims =
        outcome.place != FailurePlace::kDropped || (bits & PendingOp::kBodyActive) == 0;
    const uint32_t wanted = claims ? bits | PendingOp::kClaimed
                                   : (bits & ~PendingOp::kHandleAlive) | PendingOp::kHandleDropped;
    TENTER_HIT(probe_, engine_sites::kClaim, .op = op->name());
    if (!op->bits.CompareExchange(&bits, wanted, kAcqRel)) continue;
    if (!claims) return;
    claimed = true;
  }
  uint32_t users = PendingOp::kHandleAlive;
  if (claimed) {
    host_->End(op, std::move(outcome), OpEnds::kOutside);
    users |= PendingOp::kOpen;
  } else if (outcome.place == FailurePlace::kCompletion && !outcome.thrown.empty()) {
    // The body threw first, or the deadline passed. A late success changes nothing; a late error is
    // a failure of its own.
    host_->RecordLate(*op, std::move(outcome.thrown));
  }
  Release(op, users);
}

void AsyncOps::DeadlinePassed(PendingOp* op) {
  ForkGateLock inside(*gate_);
  TENTER_HIT(probe_, engine_sites::kClaim, .op = op->name());
  uint32_t users = PendingOp::kTimed;
  if ((op->bits.FetchOr(PendingOp::kClaimed, kAcqRel) & PendingOp::kClaimed) == 0) {
    host_->End(op, {.place = FailurePlace::kDeadline, .thrown = DeadlineExceeded(op->name())},
               OpEnds::kOutside);
    users |= PendingOp::kOpen;
  }
  Release(op, users);
}

// Takes `users` away from `op`, and gives it back when there is none left.
void AsyncOps::Release(PendingOp* op, uint32_t users) {
  // The one who ended it takes the deadline back, unless that is passing right now.
  if ((users & PendingOp::kOpen) != 0 && (users & PendingOp::kTimed) == 0 && op->deadline_ns != 0 &&
      deadlines_->Remove(op->deadline_ns, op))
    users |= PendingOp::kTimed;
  const uint32_t left = op->bits.FetchAnd(~users, kAcqRel) & ~users;
  if ((left & PendingOp::kInUse) != 0) return;
  host_->GiveBackAsync(op);
}

// Nor does the deadline pass that the thread of the parent was told of.
void AsyncOps::FailLost(PendingOp* op) {
  const uint32_t bits = op->bits.Load(kRelaxed);
  uint32_t users = bits & PendingOp::kTimed;
  if ((bits & PendingOp::kOpen) != 0 && (bits & PendingOp::kHandleAlive) != 0 &&
      (op->bits.FetchOr(PendingOp::kClaimed, kAcqRel) & PendingOp::kClaimed) == 0) {
    host_->End(op, {.place = FailurePlace::kDropped, .thrown = CompletionLostByFork()},
               OpEnds::kOutside);
    users |= PendingOp::kOpen | PendingOp::kTimed;
    if (op->is_node()) op->program->LoseByFork();
  }
  if (users != 0) Release(op, users);
}

}  // namespace tenter
