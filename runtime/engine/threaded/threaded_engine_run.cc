// The workers of ThreadedEngine: finding an op and running it.
#include <utility>

#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/sites.h"
#include "runtime/engine/threaded/threaded_engine.h"

namespace tenter {
namespace {

// A worker that runs dependents one after the other looks around after so many, since others are
// ready too (ENG-10).
constexpr int kInARow = 32;

}  // namespace

void ThreadedEngine::WorkerLoop(int index) {
  inheritance_.Apply();
  former_threads_[index].Join();
  if (pin_workers_) PinThisThread(index);
  Worker& worker = workers_[index];
  worker.thread.Store(CurrentThreadKey(), kRelaxed);
  PendingOp* op = nullptr;
  bool stays = AwaitWork(index, /*is_new=*/true, &op);
  while (stays) {
    const bool pausing = pausing_.Load(kAcquire);
    if (op != nullptr &&
        (pausing || worker.in_a_row >= kInARow || prioritised_ready_.Load(kRelaxed) > 0)) {
      MakeReady(op);
      op = nullptr;
    }
    if (pausing) Pause();
    if (op == nullptr) {
      worker.in_a_row = 0;
      op = static_cast<PendingOp*>(Find(index));
      if (op == nullptr) stays = AwaitWork(index, /*is_new=*/false, &op);
      if (op == nullptr) continue;
    } else {
      ++worker.in_a_row;
    }
    if (op->epoch != worker.epoch) [[unlikely]] {
      worker.epoch = op->epoch;
      TellWaiters(index);
    }
    op = Run(op, index);
  }
  worker.thread.Store(0, kRelaxed);
}

// First what has a high priority, then what this worker took before, then the lane, then what
// another worker took and has not run, then what has a low priority.
Runnable* ThreadedEngine::Find(int index) {
  const bool prioritised = prioritised_ready_.Load(kSeqCst) > 0;
  if (prioritised)
    if (Runnable* item = TakePrioritised()) return item;
  if (Runnable* item = workers_[index].batch.Take()) return item;
  if (Runnable* item = TakeFromLane(index)) return item;
  for (int other = 0; other < worker_count_; ++other)
    if (Runnable* item = workers_[other].batch.Take()) return item;
  if (!prioritised) return nullptr;
  SmallMutexLock lock(prioritised_mutex_);
  if (prioritised_.empty()) return nullptr;
  prioritised_ready_.FetchSub(1, kSeqCst);
  return prioritised_.Pop();
}

// An op of high priority, or null when one without priority may go first. Neither kind waits for
// more than ReadyQueue::kOvertakeLimit of the other: then the order is turned round once (ENG-10).
Runnable* ThreadedEngine::TakePrioritised() {
  SmallMutexLock lock(prioritised_mutex_);
  if (prioritised_.empty()) return nullptr;
  bool first = prioritised_.top_priority() > 0;
  if (++turns_ > ReadyQueue::kOvertakeLimit) {
    turns_ = 0;
    first = !first;
  }
  if (!first) return nullptr;
  prioritised_ready_.FetchSub(1, kSeqCst);
  return prioritised_.Pop();
}

Runnable* ThreadedEngine::TakeFromLane(int index) {
  if (!lane_.MaybeMore()) return nullptr;
  Runnable* items[ReadyBatch::kSize];
  size_t count = 0;
  {
    SmallMutexLock lock(lane_mutex_);
    while (count < ReadyBatch::kSize && (items[count] = lane_.Pop()) != nullptr) ++count;
  }
  if (count == 0) return nullptr;
  if (count > 1) {
    workers_[index].batch.Fill(items + 1, count - 1);
    parking_.NotifyOne();  // others may take from the batch
  }
  return items[0];
}

// Spins, then sleeps, until there is something; leaves *op null when the engine ends or pauses.
// False when the worker shall end: with its engine, or because it was idle for long.
bool ThreadedEngine::AwaitWork(int index, bool is_new, PendingOp** op) {
  TellWaiters(index);
  const bool stays = parking_.Await(index, is_new, [&] {
    if (exiting_.Load(kSeqCst) || pausing_.Load(kSeqCst)) return true;
    *op = static_cast<PendingOp*>(Find(index));
    return *op != nullptr;
  });
  // Nobody was woken for what is left while this worker counted as spinning.
  if (*op != nullptr && MoreToTake()) parking_.NotifyOne();
  return stays && (*op != nullptr || !exiting_.Load(kSeqCst));
}

bool ThreadedEngine::MoreToTake() const {
  if (prioritised_ready_.Load(kSeqCst) > 0 || lane_.MaybeMore()) return true;
  for (int i = 0; i < worker_count_; ++i)
    if (!workers_[i].batch.empty()) return true;
  return false;
}

// A thread that waits for all waits until one of the two epochs is drained, which it is not while
// this worker runs ops of it. So the worker looks before it runs an op of the other epoch, which
// may take long, and before it rests. The waiter raises `waiters_`, then reads `ended`; the worker
// writes `ended`, then reads `waiters_`. All four are sequentially consistent, so one of both sees
// what the other wrote; the same holds between two workers.
void ThreadedEngine::TellWaiters(int index) {
  for (auto& ended : tallies_[index].ended) ended.Store(ended.Load(kRelaxed), kSeqCst);
  if (epochs_.awaited()) epochs_.Check(tallies_);
}

// Runs `op`, or decides that it does not run, and ends it. Returns a dependent that became ready
// and should run next on this worker, or null.
PendingOp* ThreadedEngine::Run(PendingOp* op, int index) {
  op->phase.Store(PendingOp::Phase::kRunning, kRelaxed);
  if (!op->is_node()) PrefetchVars(op->accesses());
  if (op->role == PendingOp::Role::kReplay) return StartReplay(op);
  if (op->role == PendingOp::Role::kLeader) return RunGroup(op, index);
  Outcome outcome{.decision = Decide(op, index)};
  if (outcome.decision == Decision::kRun && op->body.is_async()) return RunAsync(op, index);
  RunHere(op, index, &outcome);
  if (op->is_node()) {
    workers_[index].running.Store(nullptr, kRelaxed);
    CapturedProgram* const program = op->body.is_async() ? op->program : nullptr;
    PendingOp* next = End(op, std::move(outcome), index);
    if (program != nullptr) {  // an async node that did not run
      op->phase.Store(PendingOp::Phase::kFree, kRelaxed);
      ProgramUserGone(program, index, &next);
    }
    return next;
  }
  DestroyBody(op, index);
  PendingOp* const next = End(op, std::move(outcome), index);
  pool_.Give(op);
  return next;
}

// Before the op counts as ended, and still inside the op: what it captured may not wait either.
void ThreadedEngine::DestroyBody(PendingOp* op, int index) {
  op->body.Reset();
  workers_[index].running.Store(nullptr, kRelaxed);
}

// Does what was decided about an op that ends on this worker; leaves it running.
void ThreadedEngine::RunHere(PendingOp* op, int index, Outcome* outcome) {
  workers_[index].running.Store(op, kRelaxed);
  switch (outcome->decision) {
    case Decision::kRun:
      return RunBody(op, index, outcome);
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

Decision ThreadedEngine::Decide(PendingOp* op, [[maybe_unused]] int index) {
  TENTER_HIT(probe_, engine_sites::kBeforeDispatch, .op = op->name(), .worker = index);
  if (op->deletes_var) return Decision::kRun;
  if (cancel_.cancelled() || (op->scope != nullptr && op->scope->cancelled()))
    return Decision::kCancel;
  if (error_policy_ == ErrorPolicy::kSkipDependents && HasPoisonedInput(op)) return Decision::kSkip;
  if (HasPassed(op->deadline_ns)) return Decision::kLate;
  return Decision::kRun;
}

bool ThreadedEngine::HasPoisonedInput(PendingOp* op) const {
  for (const Access& access : op->accesses())
    if (Reads(access.mode) && PoisonAt(*op, access) != nullptr) return true;
  return false;
}

OpContext ThreadedEngine::ContextOf(PendingOp* op, int index) {
  CancelSource* const scope = op->scope == nullptr ? nullptr : op->scope->cancel_source();
  return {.name = op->name(),
          .push_number = op->push_number.Load(kRelaxed),
          .worker = index,
          .cancel = CancelToken(&cancel_, scope, op->deadline_ns)};
}

void ThreadedEngine::RunBody(PendingOp* op, int index, Outcome* outcome) {
  const OpContext context = ContextOf(op, index);
  const int64_t start_ns = tracer_ == nullptr ? 0 : NowNs();
  try {
    // The deletion of a var has a site of its own, inside its body.
    if (!op->deletes_var) HitBodySite(context);
    op->body.Run(context);
    if (!op->deletes_var &&
        TENTER_HIT(probe_, engine_sites::kComplete, .op = context.name, .worker = index)
            .drop_completion) {
      outcome->place = FailurePlace::kDropped;
      outcome->thrown = CompletionDropped();
    }
  } catch (...) {
    outcome->place = op->deletes_var ? FailurePlace::kDeleter : FailurePlace::kBody;
    outcome->thrown = Thrown::Current();
  }
  if (tracer_ != nullptr) [[unlikely]]
    tracer_->Body(context.name, context.push_number, index, start_ns, NowNs());
}

void ThreadedEngine::HitBodySite([[maybe_unused]] const OpContext& context) const {
  const ProbeOutcome fault =
      TENTER_HIT(probe_, engine_sites::kBody, .op = context.name, .worker = context.worker);
  if (!fault.error.ok()) throw StatusError(fault.error);
}

}  // namespace tenter
