// The workers of ThreadedEngine: running an op, and ending it.
#include <utility>

#include "runtime/engine/pending/captured_program.h"
#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/sites.h"
#include "runtime/engine/threaded/threaded_engine.h"

namespace tenter {
namespace {

// A worker that runs dependents one after the other looks around after so many, since others are
// ready too (ENG-10).
constexpr int kInARow = 32;

}  // namespace

void ThreadedEngine::WorkerLoop(int worker) {
  workers_.Arrive(worker);
  int in_a_row = 0;   // continuations since it last looked around
  uint8_t epoch = 0;  // of the op that it ran last
  const auto stop = [this] { return exiting_.Load(kSeqCst) || pause_.pausing(); };
  PendingOp* op = nullptr;
  const auto await = [&](bool is_new) {
    ends_.TellWaiters(worker);
    const bool stays = ready_.Await(worker, is_new, stop, &op);
    return stays && (op != nullptr || !exiting_.Load(kSeqCst));
  };
  bool stays = await(/*is_new=*/true);
  while (stays) {
    const bool pausing = pause_.pausing(kAcquire);
    if (op != nullptr && (pausing || in_a_row >= kInARow || ready_.has_prioritised())) {
      ready_.Add(op);
      op = nullptr;
    }
    if (pausing) pause_.Rest();
    if (op == nullptr) {
      in_a_row = 0;
      op = ready_.Take(worker);
      if (op == nullptr) stays = await(/*is_new=*/false);
      if (op == nullptr) continue;
    } else {
      ++in_a_row;
    }
    if (op->epoch != epoch) [[unlikely]] {
      epoch = op->epoch;
      ends_.TellWaiters(worker);
    }
    op = Run(op, worker);
  }
  workers_.Leave(worker);
}

// Runs `op`, or decides that it does not run, and ends it. Returns a dependent that became ready
// and should run next on this worker, or null.
PendingOp* ThreadedEngine::Run(PendingOp* op, int worker) {
  op->phase.Store(PendingOp::Phase::kRunning, kRelaxed);
  if (!op->is_node()) dependencies_.Prefetch(op->accesses());
  if (op->role == PendingOp::Role::kReplay) return replays_.Start(op);
  if (op->role == PendingOp::Role::kLeader) return RunGroup(op, worker);
  const Decision decision = Decide(op, worker);
  if (decision == Decision::kRun && op->body.is_async()) return RunAsync(op, worker);
  return RunSync(op, decision, worker);
}

PendingOp* ThreadedEngine::RunSync(PendingOp* op, Decision decision, int worker) {
  Outcome outcome{.decision = decision};
  RunHere(op, worker, &outcome);
  if (op->is_node()) {
    workers_.Runs(worker, nullptr);
    CapturedProgram* const program = op->body.is_async() ? op->program : nullptr;
    PendingOp* next = End(op, std::move(outcome), worker);
    if (program != nullptr) {  // an async node that did not run
      op->phase.Store(PendingOp::Phase::kFree, kRelaxed);
      replays_.UserGone(program, worker, &next);
    }
    return next;
  }
  // Before the op counts as ended, and still inside the op: what it captured may not wait either.
  op->body.Reset();
  workers_.Runs(worker, nullptr);
  PendingOp* const next = End(op, std::move(outcome), worker);
  pool_.Give(op);
  return next;
}

PendingOp* ThreadedEngine::RunAsync(PendingOp* op, int worker) {
  const OpContext context = ContextOf(op, worker);
  const int64_t start_ns = tracer_ == nullptr ? 0 : NowNs();
  Thrown thrown;
  workers_.Runs(worker, op);
  try {
    // The handle exists before anything can throw, so that every path consumes it.
    Completion completion = async_.Begin(op);
    async_.StartTimer(op);
    HitBodySite(context);
    op->body.RunAsync(context, std::move(completion));
  } catch (...) {
    thrown = Thrown::Current();
  }
  if (tracer_ != nullptr) [[unlikely]]
    tracer_->Body(context.name, context.push_number, worker, start_ns, NowNs());
  if (!op->is_node()) op->body.Reset();
  workers_.Runs(worker, nullptr);
  return async_.BodyReturned(op, worker, std::move(thrown));
}

PendingOp* ThreadedEngine::End(PendingOp* op, Outcome outcome, int worker) {
  PoisonPtr poison = ends_.Record(op, std::move(outcome), worker);
  if (op->is_node()) return replays_.EndNode(static_cast<ProgramNode*>(op), poison, worker);
  return ends_.End(op, std::move(poison), worker);
}

void ThreadedEngine::RecordLate(const PendingOp& op, Thrown thrown) {
  ends_.RecordLate(op, std::move(thrown));
}

void ThreadedEngine::GiveBackAsync(PendingOp* op) {
  if (!op->is_node()) return pool_.Give(op);
  op->phase.Store(PendingOp::Phase::kFree, kRelaxed);
  PendingOp* none = nullptr;
  replays_.UserGone(op->program, OpEnds::kOutside, &none);
}

// Does what was decided about an op that ends on this worker; leaves it running.
void ThreadedEngine::RunHere(PendingOp* op, int worker, Outcome* outcome) {
  workers_.Runs(worker, op);
  switch (outcome->decision) {
    case Decision::kRun:
      return RunBody(op, worker, outcome);
    case Decision::kSkip:
      return;
    case Decision::kCancel:
      outcome->place = FailurePlace::kCancelled;
      return;
    case Decision::kLate:
      outcome->decision = Decision::kRun;
      outcome->place = FailurePlace::kDeadline;
      outcome->thrown = DeadlineExceeded(op->name());
  }
}

Decision ThreadedEngine::Decide(PendingOp* op, [[maybe_unused]] int worker) {
  TENTER_HIT(probe_, engine_sites::kBeforeDispatch, .op = op->name(), .worker = worker);
  if (op->deletes_var) return Decision::kRun;
  if (cancel_.cancelled() || (op->scope != nullptr && op->scope->cancelled()))
    return Decision::kCancel;
  if (error_policy_ == ErrorPolicy::kSkipDependents && dependencies_.HasPoisonedInput(op))
    return Decision::kSkip;
  if (HasPassed(op->deadline_ns)) return Decision::kLate;
  return Decision::kRun;
}

OpContext ThreadedEngine::ContextOf(PendingOp* op, int worker) {
  CancelSource* const scope = op->scope == nullptr ? nullptr : op->scope->cancel_source();
  return {.name = op->name(),
          .push_number = op->push_number.Load(kRelaxed),
          .worker = worker,
          .cancel = CancelToken(&cancel_, scope, op->deadline_ns)};
}

void ThreadedEngine::RunBody(PendingOp* op, int worker, Outcome* outcome) {
  const OpContext context = ContextOf(op, worker);
  const int64_t start_ns = tracer_ == nullptr ? 0 : NowNs();
  try {
    // The deletion of a var has a site of its own, inside its body.
    if (!op->deletes_var) HitBodySite(context);
    op->body.Run(context);
    if (!op->deletes_var &&
        TENTER_HIT(probe_, engine_sites::kComplete, .op = context.name, .worker = worker)
            .drop_completion) {
      outcome->place = FailurePlace::kDropped;
      outcome->thrown = CompletionDropped();
    }
  } catch (...) {
    outcome->place = op->deletes_var ? FailurePlace::kDeleter : FailurePlace::kBody;
    outcome->thrown = Thrown::Current();
  }
  if (tracer_ != nullptr) [[unlikely]]
    tracer_->Body(context.name, context.push_number, worker, start_ns, NowNs());
}

void ThreadedEngine::HitBodySite([[maybe_unused]] const OpContext& context) const {
  const ProbeOutcome fault =
      TENTER_HIT(probe_, engine_sites::kBody, .op = context.name, .worker = context.worker);
  if (!fault.error.ok()) throw StatusError(fault.error);
}

}  // namespace tenter
