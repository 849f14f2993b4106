// The caller's side of ThreadedEngine: construction, vars, waiting, stopping.
#include "runtime/engine/threaded/threaded_engine.h"

#include <new>
#include <utility>

#include "runtime/engine/pending/push_rules.h"

namespace tenter {

ThreadedEngine::ThreadedEngine(const EngineOptions& options)
    : error_policy_(options.error_policy),
      spin_ns_(options.spin_ns),
      probe_(options.probe),
      tracer_(options.tracer),
      gate_([this] { StartAgain(); }),
      ready_(options.workers, options.spin_ns, options.idle_ns,
             [this](int worker) { return workers_.Restart(worker); }),
      ends_(options.workers, options, &cancel_, &failures_, &dependencies_, &ready_, &epochs_),
      async_(this, &gate_, &deadlines_, options.probe),
      workers_(options.workers, options.pin_workers, options.probe,
               [this](int worker) { WorkerLoop(worker); }) {
  try {
    Status status = workers_.Start();
    if (status.ok()) status = TryJoinFork();
    if (!status.ok()) throw StatusError(std::move(status));
  } catch (...) {
    EndWorkers();
    throw;
  }
}

Status ThreadedEngine::TryJoinFork() {
  try {
    JoinFork(this);
  } catch (const std::bad_alloc&) {
    return {StatusCode::kResourceExhausted, "out of memory"};
  }
  return {};
}

void ThreadedEngine::EndWorkers() {
  exiting_.Store(true, kSeqCst);
  ready_.parking().Hold();
  workers_.Join();
}

ThreadedEngine::~ThreadedEngine() {
  TENTER_CHECK(workers_.OpOfThisThread() == nullptr,
               "an engine was destroyed inside one of its own ops");
  LeaveFork(this);
  AwaitFirstCall();
  epochs_.Close();
  ends_.AwaitAll();
  async_.AwaitHandles();
  deadlines_.Close();
  EndWorkers();
}

Result<Var> ThreadedEngine::NewVar() {
  ForkGateLock inside(gate_);
  if (epochs_.closed()) return Status(StatusCode::kStopped, "NewVar after Stop");
  try {
    return dependencies_.NewVar();
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kResourceExhausted, "out of memory");
  }
}

Status ThreadedEngine::RefuseInsideOp(const char* wait) const noexcept {
  const PendingOp* op = workers_.OpOfThisThread();
  if (op == nullptr) return {};
  return WaitInsideOp(wait, op->name(), op->push_number.Load(kRelaxed));
}

bool ThreadedEngine::OwnsThisThread() const noexcept {
  return workers_.OpOfThisThread() != nullptr || deadlines_.OwnsThisThread();
}

Result<PoisonPtr> ThreadedEngine::AwaitVar(Var var) {
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("WaitForVar"));
  bulks_.FlushAll();
  VarWaiter waiter(var);
  {
    ForkGateLock inside(gate_);
    const Result<bool> granted = dependencies_.Await(&waiter);
    if (!granted.ok()) return granted.status();
    if (*granted) return waiter.TakePoison();
  }
  if (!waiter.Spin(spin_ns_)) {
    const WaitInBody wait(&pause_);
    waiter.Sleep();
  }
  return waiter.TakePoison();
}

Result<FailureReport> ThreadedEngine::AwaitAll(size_t most) {
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("WaitForAll"));
  bulks_.FlushAll();
  AwaitFirstCall();
  AwaitEnded();
  ForkGateLock inside(gate_);
  return failures_.Take(most);
}

Result<ScopePtr> ThreadedEngine::NewScope() { return FailureScope::Make(this, &cancellation_); }

Status ThreadedEngine::WaitForScope(const std::function<void()>& block) {
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("a wait for a failure scope"));
  bulks_.FlushAll();
  AwaitFirstCall();
  const WaitInBody wait(&pause_);
  block();
  return {};
}

void ThreadedEngine::LookAtScope(const std::function<void()>& look) const {
  ForkGateLock inside(gate_);
  look();
}

Status ThreadedEngine::Stop(StopMode mode) {
  bulks_.FlushAll();
  AwaitFirstCall();
  // Before pushes are refused, so that whoever was refused knows that nothing more starts.
  if (mode == StopMode::kCancel) cancel_.Cancel(StatusCode::kStopped);
  epochs_.Close();
  if (workers_.OpOfThisThread() == nullptr) AwaitEnded();
  return {};
}

void ThreadedEngine::AwaitEnded() {
  const WaitInBody wait(&pause_);
  ends_.AwaitAll();
}

FailurePtr ThreadedEngine::FailureOf(const std::exception_ptr& exception) const {
  ForkGateLock inside(gate_);
  return failures_.Find(exception);
}

FailurePtr ThreadedEngine::LastFailure() const {
  ForkGateLock inside(gate_);
  return failures_.Last();
}

EngineCounts ThreadedEngine::counts() const {
  ForkGateLock inside(gate_);
  EngineCounts counts = ends_.counts();
  counts.live_vars = dependencies_.live();
  return counts;
}

}  // namespace tenter
