#include "runtime/engine/threaded_engine.h"

#include <new>
#include <utility>

#include "runtime/engine/push_rules.h"
#include "runtime/engine/sites.h"

namespace tenter {

ThreadedEngine::ThreadedEngine(const EngineOptions& options)
    : error_policy_(options.error_policy), probe_(options.probe) {
  if (Status status = StartWorkers(options.workers); !status.ok()) {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      work_.NotifyAll();
    }
    threads_.clear();  // joins those that were started
    throw StatusError(std::move(status));
  }
}

Status ThreadedEngine::StartWorkers(int workers) {
  {
    MutexLock lock(mutex_);
    workers_.resize(workers);
  }
  threads_.resize(workers);
  for (int i = 0; i < workers; ++i) {
    const std::string name = "tenter-w" + std::to_string(i);
    if (ProbeOutcome fault =
            TENTER_HIT(probe_, engine_sites::kWorkerStart, .op = name, .worker = i);
        !fault.error.ok())
      return {StatusCode::kResourceExhausted,
              "cannot start thread '" + name + "': " + fault.error.message()};
    TENTER_RETURN_IF_ERROR(threads_[i].Start(name, [this, i] { WorkerLoop(i); }));
  }
  return {};
}

ThreadedEngine::~ThreadedEngine() {
  {
    MutexLock lock(mutex_);
    TENTER_CHECK(OpOfThisThread() == nullptr, "an engine was destroyed inside one of its own ops");
    stopping_ = true;
    work_.NotifyAll();
    AwaitAllPushed();
    AwaitHandles();
  }
  for (Thread& thread : threads_) thread.Join();
}

Result<Var> ThreadedEngine::NewVar() {
  MutexLock lock(mutex_);
  if (stopping_) return Status(StatusCode::kStopped, "NewVar after Stop");
  try {
    return vars_.Add();
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kResourceExhausted, "out of memory for a var");
  }
}

Result<uint64_t> ThreadedEngine::Push(Op op) {
  TENTER_RETURN_IF_ERROR(CheckBodies(op));
  // Everything that can fail happens before the first queue is touched (ERR-10).
  try {
    TENTER_HIT(probe_, engine_sites::kPushAllocate, .op = op.name);
    const std::vector<VarAccess> accesses = NormaliseAccesses(op.reads, op.writes);
    auto pending = std::make_unique<PendingOp>();
    pending->op = std::move(op);
    return Enqueue(std::move(pending), accesses);
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kResourceExhausted, "out of memory for op '" + op.name + "'");
  }
}

Status ThreadedEngine::DeleteVar(Var var, std::function<void()> deleter) {
  try {
    auto pending = std::make_unique<PendingOp>();
    pending->op = DeletionOp(var, std::move(deleter), probe_);
    pending->deletes_var = true;
    const VarAccess access{var, AccessMode::kWrite};
    return Enqueue(std::move(pending), {&access, 1}).status();
  } catch (const std::bad_alloc&) {
    return {StatusCode::kResourceExhausted, "out of memory for the deletion of " + var.ToString()};
  }
}

Result<uint64_t> ThreadedEngine::Enqueue(std::unique_ptr<PendingOp> op,
                                         std::span<const VarAccess> accesses) {
  op->accesses.reserve(accesses.size());
  for (const VarAccess& access : accesses)
    op->accesses.push_back({.op = op.get(), .var_index = access.var.index, .mode = access.mode});

  MutexLock lock(mutex_);
  if (Status status = CheckPush<VarState>(vars_, accesses, stopping_); !status.ok()) return status;
  ready_.Reserve(counts_.live_ops + 1);

  PendingOp* const pending = op.release();  // from here on nothing fails
  pending->push_number = ++counts_.pushed;
  ++counts_.live_ops;
  pending->older = newest_;
  (newest_ == nullptr ? oldest_ : newest_->newer) = pending;
  newest_ = pending;
  for (QueuedAccess& access : pending->accesses) {
    VarState& state = vars_.At(access.var_index);
    if (Writes(access.mode)) ++state.writes_pushed;
    state.deleting = pending->deletes_var;
    if (!state.queue.Append(&access)) ++pending->waiting_for;
  }
  if (pending->waiting_for == 0) MakeReady(pending);
  return pending->push_number;
}

const PendingOp* ThreadedEngine::OpOfThisThread() const {
  const ThreadId me = CurrentThreadId();
  for (const Worker& worker : workers_)
    if (worker.id == me) return worker.op;
  return nullptr;
}

Status ThreadedEngine::RefuseInsideOp(const char* wait) const {
  const PendingOp* op = OpOfThisThread();
  if (op == nullptr) return {};
  return {StatusCode::kWaitInsideOp, std::string(wait) + " was called inside op '" + op->op.name +
                                         "' (push " + std::to_string(op->push_number) +
                                         "): an op must not wait for its own engine"};
}

Result<PoisonPtr> ThreadedEngine::AwaitVar(Var var) {
  MutexLock lock(mutex_);
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("WaitForVar"));
  VarState* state = FindUsable(vars_, var);
  if (state == nullptr) return StaleVar(var);
  if (state->writes_ended == state->writes_pushed) return state->poison;
  VarWaiter waiter{.target = state->writes_pushed, .next = state->waiters};
  state->waiters = &waiter;
  while (!waiter.done) waiter.ended.Wait(mutex_);
  return waiter.poison;
}

void ThreadedEngine::WaitForAll() {
  std::vector<FailurePtr> failures;
  {
    MutexLock lock(mutex_);
    if (Status status = RefuseInsideOp("WaitForAll"); !status.ok()) throw StatusError(status);
    AwaitAllPushed();
    failures = log_.TakeUnreported();
  }
  if (!failures.empty()) throw AggregateError(std::move(failures));
}

void ThreadedEngine::AwaitAllPushed() {
  if (counts_.live_ops == 0) return;
  AllWaiter waiter{.limit = counts_.pushed, .remaining = counts_.live_ops, .next = all_waiters_};
  all_waiters_ = &waiter;
  while (waiter.remaining > 0) waiter.ended.Wait(mutex_);
}

void ThreadedEngine::AwaitHandles() {
  while (handles_alive_ > 0) handles_gone_.Wait(mutex_);
}

Status ThreadedEngine::Stop(StopMode mode) {
  MutexLock lock(mutex_);
  stopping_ = true;
  if (mode == StopMode::kCancel) cancelling_ = true;
  work_.NotifyAll();
  if (OpOfThisThread() == nullptr) AwaitAllPushed();
  return {};
}

FailurePtr ThreadedEngine::FailureOf(const std::exception_ptr& exception) const {
  MutexLock lock(mutex_);
  return log_.Find(exception);
}

FailurePtr ThreadedEngine::LastFailure() const {
  MutexLock lock(mutex_);
  return log_.Last();
}

EngineCounts ThreadedEngine::counts() const {
  MutexLock lock(mutex_);
  EngineCounts counts = counts_;
  counts.live_vars = vars_.live();
  return counts;
}

std::string ThreadedEngine::Describe() const {
  // Enough for a person; a program of a million pending ops must not make the dump unreadable.
  constexpr int kOpsShown = 50;
  MutexLock lock(mutex_);
  std::string text = "threaded engine: " + std::to_string(workers_.size()) + " workers, " +
                     std::to_string(counts_.live_ops) + " live ops, " +
                     std::to_string(ready_.size()) + " ready" + (stopping_ ? ", stopping" : "") +
                     "\n";
  for (size_t i = 0; i < workers_.size(); ++i)
    text +=
        "  worker " + std::to_string(i) +
        (workers_[i].op == nullptr ? " is idle\n" : " runs '" + workers_[i].op->op.name + "'\n");
  int shown = 0;
  for (const PendingOp* op = oldest_; op != nullptr && shown < kOpsShown; op = op->newer, ++shown)
    DescribeOp(*op, &text);
  vars_.ForEach([&](uint32_t index, const VarState& state) {
    if (state.poison != nullptr && shown++ < 2 * kOpsShown)
      text += "  v" + std::to_string(index) + " is poisoned by " +
              state.poison->root()->ToString() + "\n";
  });
  return text;
}

void ThreadedEngine::DescribeOp(const PendingOp& op, std::string* text) const {
  *text += "  op '" + op.op.name + "' (push " + std::to_string(op.push_number) + ") ";
  switch (op.state) {
    case PendingOp::State::kReady:
      *text += "is ready";
      break;
    case PendingOp::State::kRunning:
      *text += op.body_active ? "is running" : "waits for its completion handle";
      break;
    case PendingOp::State::kEnded:
      *text += "has ended";
      break;
    case PendingOp::State::kWaiting:
      *text += "waits for";
      for (const QueuedAccess& access : op.accesses)
        if (!access.granted) *text += " v" + std::to_string(access.var_index);
  }
  *text += "\n";
}

}  // namespace tenter
