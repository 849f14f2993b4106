// The caller's side of ThreadedEngine: construction, vars, waiting, stopping, looking.
#include "runtime/engine/threaded/threaded_engine.h"

#include <new>
#include <utility>

#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/sites.h"
#include "runtime/engine/var/var_waiter.h"

namespace tenter {

ThreadedEngine::ThreadedEngine(const EngineOptions& options)
    : error_policy_(options.error_policy),
      spin_ns_(options.spin_ns),
      probe_(options.probe),
      tracer_(options.tracer),
      worker_count_(options.workers),
      pin_workers_(options.pin_workers),
      gate_([this] { StartAgain(); }),
      tallies_(options.workers + 1),
      workers_(std::make_unique<Worker[]>(options.workers)),
      parking_(options.workers, options.spin_ns, options.idle_ns,
               [this](int index) { return RestartWorker(index); }),
      former_threads_(options.workers),
      threads_(options.workers) {
  tallies_.back().shared = true;
  Status status = StartWorkers();
  if (status.ok()) status = TryJoinFork();
  if (status.ok()) return;
  EndWorkers();
  throw StatusError(std::move(status));
}

Status ThreadedEngine::TryJoinFork() {
  try {
    JoinFork(this);
  } catch (const std::bad_alloc&) {
    return {StatusCode::kResourceExhausted, "out of memory for an engine"};
  }
  return {};
}

Status ThreadedEngine::StartWorkers() {
  for (int i = 0; i < worker_count_; ++i) TENTER_RETURN_IF_ERROR(StartWorker(i));
  return {};
}

// One that never ran, or one that left.
Status ThreadedEngine::StartWorker(int index) {
  const std::string name = "tenter-w" + std::to_string(index);
  if (ProbeOutcome fault =
          TENTER_HIT(probe_, engine_sites::kWorkerStart, .op = name, .worker = index);
      !fault.error.ok())
    return {StatusCode::kResourceExhausted,
            "cannot start thread '" + name + "': " + fault.error.message()};
  Thread &thread = threads_[index], &former = former_threads_[index];
  former = std::move(thread);
  try {
    Status started = thread.Start(name, [this, index] { WorkerLoop(index); });
    if (!started.ok()) thread = std::move(former);
    return started;
  } catch (...) {
    thread = std::move(former);
    throw;
  }
}

bool ThreadedEngine::RestartWorker(int index) {
  try {
    return StartWorker(index).ok();
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void ThreadedEngine::EndWorkers() {
  exiting_.Store(true, kSeqCst);
  parking_.Hold();
  for (Thread& thread : threads_) thread.Join();
}

ThreadedEngine::~ThreadedEngine() {
  TENTER_CHECK(OpOfThisThread() == nullptr, "an engine was destroyed inside one of its own ops");
  LeaveFork(this);
  AwaitWorkers();
  epochs_.Close();
  epochs_.AwaitAll(tallies_);
  AwaitHandles();
  deadlines_.Close();
  EndWorkers();
}

Result<Var> ThreadedEngine::NewVar() {
  ForkGateLock inside(gate_);
  if (epochs_.closed()) return Status(StatusCode::kStopped, "NewVar after Stop");
  try {
    const uint32_t index = vars_.Add();
    VarState& state = vars_.Slot(index);
    SmallMutexLock lock(state.mutex);
    state.live = true;
    return Var{index, state.generation};
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kResourceExhausted, "out of memory for a var");
  }
}

const PendingOp* ThreadedEngine::OpOfThisThread() const {
  const uint64_t me = CurrentThreadKey();
  for (int i = 0; i < worker_count_; ++i)
    if (workers_[i].thread.Load(kRelaxed) == me) return workers_[i].running.Load(kRelaxed);
  return nullptr;
}

Status ThreadedEngine::RefuseInsideOp(const char* wait) const {
  const PendingOp* op = OpOfThisThread();
  if (op == nullptr) return {};
  return WaitInsideOp(wait, op->name(), op->push_number.Load(kRelaxed));
}

Result<PoisonPtr> ThreadedEngine::AwaitVar(Var var) {
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("WaitForVar"));
  FlushAllBulks();
  VarWaiter waiter(var);
  {
    ForkGateLock inside(gate_);
    VarState* state = vars_.At(var.index);
    if (state == nullptr) return StaleVar(var);
    SmallMutexLock lock(state->mutex);
    if (!state->Usable(var)) return StaleVar(var);
    if (state->queue.Append(&waiter)) return state->poison;
  }
  if (!waiter.Spin(spin_ns_)) {
    const WaitInBody wait(this);
    waiter.Sleep();
  }
  return waiter.TakePoison();
}

Result<FailureReport> ThreadedEngine::AwaitAll(size_t most) {
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("WaitForAll"));
  FlushAllBulks();
  AwaitWorkers();
  AwaitEnded();
  ForkGateLock inside(gate_);
  return failures_.Take(most);
}

Result<ScopePtr> ThreadedEngine::NewScope() { return FailureScope::Make(this, &cancellation_); }

Status ThreadedEngine::WaitForScope(const std::function<void()>& block) {
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("a wait for a failure scope"));
  FlushAllBulks();
  AwaitWorkers();
  const WaitInBody wait(this);
  block();
  return {};
}

void ThreadedEngine::LookAtScope(const std::function<void()>& look) const {
  ForkGateLock inside(gate_);
  look();
}

// In the child of a fork there are no workers before the first call.
void ThreadedEngine::AwaitWorkers() { ForkGateLock inside(gate_); }

void ThreadedEngine::AwaitHandles() {
  MutexLock lock(handles_mutex_);
  while (handles_alive_ > handles_lost_) handles_gone_.Wait(handles_mutex_);
}

Status ThreadedEngine::Stop(StopMode mode) {
  FlushAllBulks();
  AwaitWorkers();
  // Before pushes are refused, so that whoever was refused knows that nothing more starts.
  if (mode == StopMode::kCancel) cancel_.Cancel(StatusCode::kStopped);
  epochs_.Close();
  if (OpOfThisThread() == nullptr) AwaitEnded();
  return {};
}

void ThreadedEngine::AwaitEnded() {
  const WaitInBody wait(this);
  epochs_.AwaitAll(tallies_);
}

FailurePtr ThreadedEngine::FailureOf(const std::exception_ptr& exception) const {
  ForkGateLock inside(gate_);
  return failures_.Find(exception);
}

FailurePtr ThreadedEngine::LastFailure() const {
  ForkGateLock inside(gate_);
  return failures_.Last();
}

uint64_t ThreadedEngine::ended() const {
  uint64_t ended = 0;
  for (const Tally& tally : tallies_)
    for (const auto& epoch : tally.ended) ended += epoch.Load(kAcquire);
  return ended;
}

EngineCounts ThreadedEngine::counts() const {
  ForkGateLock inside(gate_);
  EngineCounts counts;
  const uint64_t ended_before = ended();  // before `pushed`, so that live_ops is never negative
  for (const Tally& tally : tallies_) {
    counts.ran += tally.ran.Load(kAcquire);
    counts.failed += tally.failed.Load(kAcquire);
    counts.skipped += tally.skipped.Load(kAcquire);
    counts.cancelled += tally.cancelled.Load(kAcquire);
  }
  counts.pushed = epochs_.pushed();
  counts.live_ops = counts.pushed - ended_before;
  counts.live_vars = vars_.live();
  return counts;
}

}  // namespace tenter
