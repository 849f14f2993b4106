// The bodies of NaiveEngine: an op that ends when its body returns, and an async one, for whose end
// the turn waits.
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/engine/naive/naive_engine.h"
#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/sites.h"

namespace tenter {

void NaiveEngine::HitBodySite([[maybe_unused]] const OpContext& context) const {
  const ProbeOutcome fault = TENTER_HIT(probe_, engine_sites::kBody, .op = context.name);
  if (!fault.error.ok()) throw StatusError(fault.error);
}

OpContext NaiveEngine::ContextOf(const Running& op) {
  CancelSource* const scope = op.scope == nullptr ? nullptr : op.scope->cancel_source();
  return {.name = op.name,
          .push_number = op.push_number,
          .worker = -1,
          .cancel = CancelToken(&cancel_, scope, op.deadline_ns)};
}

Outcome NaiveEngine::RunBody(const Running& op) {
  const OpContext context = ContextOf(op);
  try {
    // The deletion of a var has a site of its own, inside its body.
    if (!op.deletes_var) HitBodySite(context);
    op.body->Run(context);
    if (!op.deletes_var &&
        TENTER_HIT(probe_, engine_sites::kComplete, .op = context.name).drop_completion)
      return {.place = FailurePlace::kDropped, .thrown = CompletionDropped()};
  } catch (...) {
    return {.place = op.deletes_var ? FailurePlace::kDeleter : FailurePlace::kBody,
            .thrown = Thrown::Current()};
  }
  return {};
}

Outcome NaiveEngine::RunAsyncBody(const Running& op) {
  const OpContext context = ContextOf(op);
  AsyncOp* async = nullptr;
  try {
    async = new AsyncOp{.name = std::string(op.name), .push_number = op.push_number};
  } catch (...) {
    return {.thrown = Thrown::Current()};
  }
  {
    MutexLock lock(handles_mutex_);
    ++handles_alive_;
  }
  Thrown thrown;
  try {
    Completion completion(this, async);
    HitBodySite(context);
    op.body->RunAsync(context, std::move(completion));
  } catch (...) {
    thrown = Thrown::Current();
  }
  return AwaitEnd(async, std::move(thrown), op.deadline_ns);
}

Outcome NaiveEngine::AwaitEnd(AsyncOp* op, Thrown thrown, int64_t deadline_ns) {
  std::unique_ptr<AsyncOp> mine;
  MutexLock lock(handles_mutex_);
  if (!thrown.empty()) {
    if (op->ended && op->place != FailurePlace::kDropped) {
      failures_.Record({op->name, op->push_number}, FailurePlace::kAfterEnd, std::move(thrown));
    } else {
      // A handle that was dropped by the unwinding of this very exception is not the cause.
      op->place = FailurePlace::kBody;
      op->thrown = std::move(thrown);
      op->ended = true;
    }
  }
  while (!op->ended) {
    const int64_t left = deadline_ns - NowNs();
    if (deadline_ns == 0) {
      handle_used_.Wait(handles_mutex_);
    } else if (left > 0) {
      handle_used_.WaitFor(handles_mutex_, left);
    } else {
      op->place = FailurePlace::kDeadline;
      op->thrown = DeadlineExceeded(op->name);
      op->ended = true;
    }
  }
  Outcome outcome{.place = op->place, .thrown = std::move(op->thrown)};
  op->let_go = true;
  if (!op->handle_alive) mine.reset(op);
  return outcome;
}

void NaiveEngine::OnCompleted(void* op, Thrown error) {
  auto* async = static_cast<AsyncOp*>(op);
  if (TENTER_HIT(probe_, engine_sites::kComplete, .op = async->name).drop_completion)
    return OnDropped(op);
  HandleUsed(async, FailurePlace::kCompletion, std::move(error));
}

void NaiveEngine::OnDropped(void* op) {
  HandleUsed(static_cast<AsyncOp*>(op), FailurePlace::kDropped, CompletionDropped());
}

void NaiveEngine::HandleUsed(AsyncOp* op, FailurePlace place, Thrown thrown) {
  std::unique_ptr<AsyncOp> mine;
  MutexLock lock(handles_mutex_);
  op->handle_alive = false;
  --handles_alive_;
  if (!op->ended) {
    op->place = place;
    op->thrown = std::move(thrown);
    op->ended = true;
  } else if (place == FailurePlace::kCompletion && !thrown.empty()) {
    // The body threw first, or the deadline passed. A late success changes nothing; a late error is
    // a failure of its own.
    failures_.Record({op->name, op->push_number}, FailurePlace::kAfterEnd, std::move(thrown));
  }
  if (op->let_go) mine.reset(op);
  handle_used_.NotifyAll();
}

}  // namespace tenter
