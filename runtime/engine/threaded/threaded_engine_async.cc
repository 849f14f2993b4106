// Async ops of ThreadedEngine: the body, the completion handle and the deadline race to end the op.
// Each is a *user* of the op, a bit in PendingOp::bits; whoever sets kClaimed first ends it, and
// whoever is the last user gives it back. One atomic step per user decides both.
#include <algorithm>
#include <utility>

#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/sites.h"
#include "runtime/engine/threaded/threaded_engine.h"

namespace tenter {

PendingOp* ThreadedEngine::RunAsync(PendingOp* op, int index) {
  const OpContext context = ContextOf(op, index);
  op->bits.Store(PendingOp::kBodyActive | PendingOp::kHandleAlive | PendingOp::kOpen, kRelaxed);
  {
    MutexLock lock(handles_mutex_);
    ++handles_alive_;
  }
  workers_[index].running.Store(op, kRelaxed);
  const int64_t start_ns = tracer_ == nullptr ? 0 : NowNs();
  Thrown thrown;
  try {
    // The handle exists before anything can throw, so that every path consumes it.
    Completion completion(this, op);
    StartTimer(op);
    HitBodySite(context);
    op->body.RunAsync(context, std::move(completion));
  } catch (...) {
    thrown = Thrown::Current();
  }
  if (tracer_ != nullptr) [[unlikely]]
    tracer_->Body(context.name, context.push_number, index, start_ns, NowNs());
  if (!op->is_node()) op->body.Reset();
  workers_[index].running.Store(nullptr, kRelaxed);
  return BodyReturned(op, index, std::move(thrown));
}

void ThreadedEngine::StartTimer(PendingOp* op) {
  if (op->deadline_ns == 0) return;
  op->bits.FetchOr(PendingOp::kTimed, kAcqRel);
  try {
    deadlines_.Add(
        op->deadline_ns,
        [](void* engine, void* late) {
          static_cast<ThreadedEngine*>(engine)->DeadlinePassed(static_cast<PendingOp*>(late));
        },
        this, op);
  } catch (...) {
    op->bits.FetchAnd(~PendingOp::kTimed, kAcqRel);
    op->deadline_ns = 0;
    throw;
  }
}

PendingOp* ThreadedEngine::BodyReturned(PendingOp* op, int index, Thrown thrown) {
  uint32_t bits = op->bits.Load(kAcquire);
  bool claimed = false;  // by this exchange: what was wanted before a failed one says nothing
  while (!claimed && (bits & PendingOp::kClaimed) == 0) {
    const bool claims = !thrown.empty() || (bits & PendingOp::kHandleDropped) != 0;
    const uint32_t wanted = claims ? bits | PendingOp::kClaimed : bits & ~PendingOp::kBodyActive;
    TENTER_HIT(probe_, engine_sites::kClaim, .op = op->name(), .worker = index);
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
    next = End(op, std::move(outcome), index);
    users |= PendingOp::kOpen;
  } else if (!thrown.empty()) {
    LogLateFailure(*op, std::move(thrown));
  }
  Release(op, users);
  return next;
}

void ThreadedEngine::OnCompleted(void* op, Thrown error) {
  auto* pending = static_cast<PendingOp*>(op);
  const ProbeOutcome fault = TENTER_HIT(probe_, engine_sites::kComplete, .op = pending->name());
  if (fault.drop_completion) return OnDropped(op);
  HandleUsed(pending, {.place = FailurePlace::kCompletion, .thrown = std::move(error)});
}

void ThreadedEngine::OnDropped(void* op) {
  HandleUsed(static_cast<PendingOp*>(op),
             {.place = FailurePlace::kDropped, .thrown = CompletionDropped()});
}

void ThreadedEngine::HandleUsed(PendingOp* op, Outcome outcome) {
  {
    ForkGateLock inside(gate_);
    EndByHandle(op, std::move(outcome));
  }
  HandleGone();  // last: the engine may be destroyed when the last handle is gone
}

void ThreadedEngine::EndByHandle(PendingOp* op, Outcome outcome) {
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
    End(op, std::move(outcome), kOutside);
    users |= PendingOp::kOpen;
  } else if (outcome.place == FailurePlace::kCompletion && !outcome.thrown.empty()) {
    // The body threw first, or the deadline passed. A late success changes nothing; a late error is
    // a failure of its own.
    LogLateFailure(*op, std::move(outcome.thrown));
  }
  Release(op, users);
}

void ThreadedEngine::DeadlinePassed(PendingOp* op) {
  ForkGateLock inside(gate_);
  uint32_t users = PendingOp::kTimed;
  if ((op->bits.FetchOr(PendingOp::kClaimed, kAcqRel) & PendingOp::kClaimed) == 0) {
    End(op, {.place = FailurePlace::kDeadline, .thrown = DeadlineExceeded(op->name())}, kOutside);
    users |= PendingOp::kOpen;
  }
  Release(op, users);
}

// Takes `users` away from `op`, and gives it back when there is none left.
void ThreadedEngine::Release(PendingOp* op, uint32_t users) {
  // The one who ended it takes the deadline back, unless that is passing right now.
  if ((users & PendingOp::kOpen) != 0 && (users & PendingOp::kTimed) == 0 && op->deadline_ns != 0 &&
      deadlines_.Remove(op->deadline_ns, op))
    users |= PendingOp::kTimed;
  const uint32_t left = op->bits.FetchAnd(~users, kAcqRel) & ~users;
  if ((left & PendingOp::kInUse) != 0) return;
  if (!op->is_node()) return pool_.Give(op);
  op->phase.Store(PendingOp::Phase::kFree, kRelaxed);
  PendingOp* none = nullptr;
  ProgramUserGone(op->program, kOutside, &none);
}

void ThreadedEngine::HandleGone() {
  MutexLock lock(handles_mutex_);
  --handles_alive_;
  handles_lost_ = std::min(handles_lost_, handles_alive_);
  if (handles_alive_ <= handles_lost_) handles_gone_.NotifyAll();
}

// For WaitForAll, since the scope of an op that has ended may be gone.
void ThreadedEngine::LogLateFailure(const PendingOp& op, Thrown thrown) {
  failures_.Record(op.name(), op.push_number.Load(kRelaxed), FailurePlace::kAfterEnd,
                   std::move(thrown), nullptr);
}

}  // namespace tenter
