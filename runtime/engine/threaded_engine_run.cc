// The workers' side of ThreadedEngine: taking an op, running it, ending it.
#include <utility>

#include "runtime/engine/sites.h"
#include "runtime/engine/threaded_engine.h"

namespace tenter {

void ThreadedEngine::WorkerLoop(int index) {
  while (PendingOp* op = TakeReady(index)) {
    TENTER_HIT(probe_, engine_sites::kBeforeDispatch, .op = op->op.name, .worker = index);
    const Decision decision = Decide(op, index);
    if (decision == Decision::kRun) {
      RunBody(op, index);
      continue;
    }
    // The body never runs; what it captured is destroyed before the op counts as ended.
    op->op.body = nullptr;
    op->op.async_body = nullptr;
    Outcome outcome{.decision = decision};
    if (decision == Decision::kCancel) {
      outcome.place = FailurePlace::kCancelled;
      outcome.thrown = Thrown::FromStatus(
          {StatusCode::kStopped, "op '" + op->op.name + "' was cancelled by Stop"});
    }
    std::unique_ptr<PendingOp> done;
    MutexLock lock(mutex_);
    End(op, std::move(outcome));
    done = ReleaseIfDone(op);
  }
}

PendingOp* ThreadedEngine::TakeReady(int index) {
  MutexLock lock(mutex_);
  workers_[index].id = CurrentThreadId();
  while (ready_.empty()) {
    if (stopping_ && counts_.live_ops == 0) return nullptr;
    work_.Wait(mutex_);
  }
  PendingOp* op = ready_.Pop();
  op->state = PendingOp::State::kRunning;
  return op;
}

ThreadedEngine::Decision ThreadedEngine::Decide(PendingOp* op, int index) {
  MutexLock lock(mutex_);
  if (!op->deletes_var) {
    if (cancelling_) return Decision::kCancel;
    if (error_policy_ == ErrorPolicy::kSkipDependents && PoisonOfInputs(*op) != nullptr)
      return Decision::kSkip;
  }
  op->body_active = true;
  workers_[index].op = op;
  if (op->op.async_body != nullptr) {
    op->handle_alive = true;
    ++handles_alive_;
  }
  return Decision::kRun;
}

void ThreadedEngine::RunBody(PendingOp* op, int index) {
  const OpContext context{op->op.name, op->push_number, index};
  Thrown thrown;
  try {
    // The handle exists before anything can throw, so that every path of an async op consumes it.
    if (op->op.async_body != nullptr) {
      Completion completion(this, op);
      HitBodySite(context);
      op->op.async_body(context, std::move(completion));
    } else {
      // The deletion of a var has a site of its own, inside its body.
      if (!op->deletes_var) HitBodySite(context);
      op->op.body(context);
    }
  } catch (...) {
    thrown = Thrown::Current();
  }
  BodyReturned(op, index, std::move(thrown));
}

void ThreadedEngine::HitBodySite([[maybe_unused]] const OpContext& context) const {
  const ProbeOutcome fault =
      TENTER_HIT(probe_, engine_sites::kBody, .op = context.name, .worker = context.worker);
  if (!fault.error.ok()) throw StatusError(fault.error);
}

void ThreadedEngine::BodyReturned(PendingOp* op, int index, Thrown thrown) {
  const bool ends_here = op->op.async_body == nullptr;
  Outcome outcome{.place = op->deletes_var ? FailurePlace::kDeleter : FailurePlace::kBody,
                  .thrown = std::move(thrown)};
  op->op.body = nullptr;
  op->op.async_body = nullptr;
  if (ends_here && !op->deletes_var && outcome.thrown.empty() &&
      TENTER_HIT(probe_, engine_sites::kComplete, .op = op->op.name, .worker = index)
          .drop_completion) {
    outcome.place = FailurePlace::kDropped;
    outcome.thrown = Thrown::FromStatus({StatusCode::kCompletionDropped, "completion dropped"});
  }
  std::unique_ptr<PendingOp> done;
  MutexLock lock(mutex_);
  op->body_active = false;
  workers_[index].op = nullptr;
  const bool ended = op->state == PendingOp::State::kEnded;
  if (ended && !outcome.thrown.empty()) {
    LogLateFailure(*op, std::move(outcome.thrown));
  } else if (!ended) {
    if (outcome.thrown.empty() && op->handle_dropped) {
      outcome.place = FailurePlace::kDropped;
      outcome.thrown = Thrown::FromStatus({StatusCode::kCompletionDropped, "completion dropped"});
    }
    if (ends_here || !outcome.thrown.empty()) End(op, std::move(outcome));
  }
  done = ReleaseIfDone(op);
}

void ThreadedEngine::OnCompleted(void* op, Thrown error) {
  auto* pending = static_cast<PendingOp*>(op);
  const ProbeOutcome fault = TENTER_HIT(probe_, engine_sites::kComplete, .op = pending->op.name);
  if (fault.drop_completion) return OnDropped(op);
  HandleUsed(pending, {.place = FailurePlace::kCompletion, .thrown = std::move(error)});
}

void ThreadedEngine::OnDropped(void* op) {
  HandleUsed(
      static_cast<PendingOp*>(op),
      {.place = FailurePlace::kDropped,
       .thrown = Thrown::FromStatus({StatusCode::kCompletionDropped, "completion dropped"})});
}

void ThreadedEngine::HandleUsed(PendingOp* op, Outcome outcome) {
  std::unique_ptr<PendingOp> done;
  MutexLock lock(mutex_);
  op->handle_alive = false;
  if (--handles_alive_ == 0) handles_gone_.NotifyAll();
  if (op->state == PendingOp::State::kEnded) {
    // The body threw first. A late success changes nothing; a late error is a failure of its own.
    if (outcome.place == FailurePlace::kCompletion && !outcome.thrown.empty())
      LogLateFailure(*op, std::move(outcome.thrown));
  } else if (outcome.place == FailurePlace::kDropped && op->body_active) {
    // Perhaps the handle dies because the body is throwing: then the exception is the cause. The
    // end of the body knows.
    op->handle_dropped = true;
  } else {
    End(op, std::move(outcome));
  }
  done = ReleaseIfDone(op);
}

PoisonPtr ThreadedEngine::PoisonOfInputs(const PendingOp& op) {
  std::vector<PoisonPtr> poisons;
  for (const QueuedAccess& access : op.accesses)
    if (Reads(access.mode))
      if (const PoisonPtr& poison = vars_.At(access.var_index).poison; poison != nullptr)
        poisons.push_back(poison);
  return poisons.empty() ? nullptr : CombinePoison(poisons, nullptr);
}

PoisonPtr ThreadedEngine::RecordOutcome(const PendingOp& op, Outcome outcome) {
  switch (outcome.decision) {
    case Decision::kRun:
      ++counts_.ran;
      break;
    case Decision::kSkip:
      ++counts_.skipped;
      break;
    case Decision::kCancel:
      ++counts_.cancelled;
      break;
  }
  FailurePtr own;
  if (!outcome.thrown.empty()) {
    own = std::make_shared<const Failure>(op.op.name, op.push_number, outcome.place,
                                          CurrentThreadName(), std::move(outcome.thrown));
    if (outcome.decision == Decision::kRun) {
      ++counts_.failed;
      log_.Add(own);
    }
  }
  const PoisonPtr inputs = PoisonOfInputs(op);
  if (inputs == nullptr) return CombinePoison({}, own);
  for (const FailurePtr& failure : inputs->all()) failure->AddToChain(op.op.name, op.push_number);
  return CombinePoison({&inputs, 1}, own);
}

void ThreadedEngine::End(PendingOp* op, Outcome outcome) {
  const PoisonPtr poison = RecordOutcome(*op, std::move(outcome));
  for (QueuedAccess& access : op->accesses) {
    VarState& state = vars_.At(access.var_index);
    if (Writes(access.mode)) EndWrite(state, poison);
    for (QueuedAccess* granted = state.queue.Complete(&access); granted != nullptr;
         granted = granted->next)
      if (--granted->op->waiting_for == 0) MakeReady(granted->op);
    if (op->deletes_var) vars_.Remove(access.var_index);
  }
  op->state = PendingOp::State::kEnded;
  --counts_.live_ops;
  Unlink(op);
  NotifyAllWaiters(op->push_number);
  if (stopping_ && counts_.live_ops == 0) work_.NotifyAll();
}

void ThreadedEngine::EndWrite(VarState& state, const PoisonPtr& poison) {
  state.poison = poison;
  ++state.writes_ended;
  VarWaiter** link = &state.waiters;
  while (VarWaiter* waiter = *link) {
    if (waiter->target > state.writes_ended) {
      link = &waiter->next;
      continue;
    }
    *link = waiter->next;
    waiter->poison = poison;
    waiter->done = true;
    waiter->ended.NotifyOne();
  }
}

void ThreadedEngine::LogLateFailure(const PendingOp& op, Thrown thrown) {
  log_.Add(std::make_shared<const Failure>(op.op.name, op.push_number, FailurePlace::kAfterEnd,
                                           CurrentThreadName(), std::move(thrown)));
}

void ThreadedEngine::MakeReady(PendingOp* op) {
  op->state = PendingOp::State::kReady;
  ready_.Push(op);
  work_.NotifyOne();
}

void ThreadedEngine::Unlink(PendingOp* op) {
  (op->older == nullptr ? oldest_ : op->older->newer) = op->newer;
  (op->newer == nullptr ? newest_ : op->newer->older) = op->older;
}

void ThreadedEngine::NotifyAllWaiters(uint64_t push_number) {
  AllWaiter** link = &all_waiters_;
  while (AllWaiter* waiter = *link) {
    if (push_number <= waiter->limit && --waiter->remaining == 0) {
      *link = waiter->next;
      waiter->ended.NotifyOne();
    } else {
      link = &waiter->next;
    }
  }
}

std::unique_ptr<PendingOp> ThreadedEngine::ReleaseIfDone(PendingOp* op) {
  const bool done = op->state == PendingOp::State::kEnded && !op->body_active && !op->handle_alive;
  return std::unique_ptr<PendingOp>(done ? op : nullptr);
}

}  // namespace tenter
