#include "runtime/engine/naive_engine.h"

#include <new>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/engine/push_rules.h"
#include "runtime/engine/signal_text.h"
#include "runtime/engine/sites.h"

namespace tenter {
namespace {

// There is nothing to gain: every op runs at once.
class NaiveBulk final : public Bulk {
 public:
  explicit NaiveBulk(Engine* engine) : engine_(engine) {}
  Status Push(Op&& op) override { return engine_->Push(std::move(op)).status(); }
  Status Flush() override { return {}; }

 private:
  Engine* const engine_;
};

}  // namespace

std::unique_ptr<Bulk> NaiveEngine::NewBulk(size_t) { return std::make_unique<NaiveBulk>(this); }

NaiveEngine::NaiveEngine(const EngineOptions& options)
    : error_policy_(options.error_policy), probe_(options.probe), tracer_(options.tracer) {
  JoinFork(this);
}

NaiveEngine::~NaiveEngine() {
  TENTER_CHECK(!InsideOp(), "an engine was destroyed inside one of its own ops");
  static_cast<void>(Stop(StopMode::kDrain));
  LeaveFork(this);
  MutexLock lock(handles_mutex_);
  while (handles_alive_ > 0) handle_used_.Wait(handles_mutex_);
}

Result<Var> NaiveEngine::NewVar() {
  if (stopping_.Load(kAcquire)) return Status(StatusCode::kStopped, "NewVar after Stop");
  try {
    const uint32_t index = vars_.Add();
    const uint64_t handle = vars_.Slot(index).handle.FetchOr(1, kRelease);
    return Var{index, static_cast<uint32_t>(handle >> 1)};
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kResourceExhausted, "out of memory for a var");
  }
}

Result<uint64_t> NaiveEngine::Push(Op&& op) {
  if (!op.body) return NoBody(op.name);
  return Enqueue(&op, false);
}

Status NaiveEngine::DeleteVar(Var var, std::function<void()> deleter) {
  const std::string name = "delete " + var.ToString();
  try {
    Op op{.name = name, .body = DeletionBody(std::move(deleter), probe_)};
    op.writes = std::span<const Var>(&var, 1);
    return Enqueue(&op, true).status();
  } catch (const std::bad_alloc&) {
    return NoMemoryFor(name);
  }
}

Result<uint64_t> NaiveEngine::Enqueue(Op* op, bool deletes_var) {
  constexpr size_t kOnStack = 16;
  try {
    if (!deletes_var) TENTER_HIT(probe_, engine_sites::kPushAllocate, .op = op->name);
    alignas(Access) std::byte on_stack[kOnStack * sizeof(Access)];  // what is used is assigned
    std::unique_ptr<Access[]> on_heap;
    const size_t size = op->reads.size() + op->writes.size();
    if (size > kOnStack) on_heap = std::make_unique<Access[]>(size);
    Access* const accesses = size > kOnStack ? on_heap.get() : reinterpret_cast<Access*>(on_stack);
    const std::span used(accesses, NormaliseAccesses(op->reads, op->writes, accesses));
    if (InsideOp()) return Defer(op, used, deletes_var);
    SmallMutexLock turn(turn_);
    return PushInTurn(op, used, deletes_var);
  } catch (const std::bad_alloc&) {
    return NoMemoryFor(op->name);
  }
}

Result<uint64_t> NaiveEngine::PushInTurn(Op* op, std::span<Access> accesses, bool deletes_var) {
  TENTER_RETURN_IF_ERROR(Check(accesses));
  Running running{op->name,    accesses, &op->body,
                  deletes_var, 0,        op->timeout_ns > 0 ? NowNs() + op->timeout_ns : 0};
  running.push_number = TakeNumber(running);
  runner_.Store(CurrentThreadKey(), kRelaxed);
  Run(running);
  if (!deferred_.empty()) RunDeferred();
  runner_.Store(0, kRelaxed);
  return running.push_number;
}

// This thread has the turn, further down its stack.
Result<uint64_t> NaiveEngine::Defer(Op* op, std::span<Access> accesses, bool deletes_var) {
  TENTER_RETURN_IF_ERROR(Check(accesses));
  deferred_.push_back({std::string(op->name),
                       {accesses.begin(), accesses.end()},
                       OpBody(),
                       deletes_var,
                       0,
                       op->timeout_ns > 0 ? NowNs() + op->timeout_ns : 0});
  Deferred& deferred = deferred_.back();
  deferred.body = std::move(op->body);
  deferred.push_number = TakeNumber(
      {deferred.name, deferred.accesses, &deferred.body, deletes_var, 0, deferred.deadline_ns});
  return deferred.push_number;
}

Result<ProgramPtr> NaiveEngine::Capture(Recording recording) {
  return MakeProgram(this, std::move(recording), &programs_);
}

Result<uint64_t> NaiveEngine::Replay(const ProgramPtr& program) {
  if (!InsideOp()) {
    SmallMutexLock turn(turn_);
    for (const auto& node : program->nodes_) TENTER_RETURN_IF_ERROR(Check(node->accesses()));
    const uint64_t first = pushed_.Load(kRelaxed) + 1;
    pushed_.Store(first + program->size() - 1, kRelease);
    runner_.Store(CurrentThreadKey(), kRelaxed);
    RunProgram(program.get(), first, NowNs());
    if (!deferred_.empty()) RunDeferred();
    runner_.Store(0, kRelaxed);
    return first;
  }
  for (const auto& node : program->nodes_) TENTER_RETURN_IF_ERROR(Check(node->accesses()));
  const uint64_t first = pushed_.Load(kRelaxed) + 1;
  try {
    deferred_.push_back({"replay", {}, OpBody(), false, first, NowNs(), program});
  } catch (const std::bad_alloc&) {
    return NoMemoryFor("a replay");
  }
  pushed_.Store(first + program->size() - 1, kRelease);
  return first;
}

void NaiveEngine::RunProgram(Program* program, uint64_t first_number, int64_t pushed_ns) {
  for (const auto& node : program->nodes_)
    Run({node->name(), node->accesses(), &node->body, false, first_number++,
         node->timeout_ns > 0 ? pushed_ns + node->timeout_ns : 0, true});
}

bool NaiveEngine::Usable(Var var) const {
  const NaiveVar* state = vars_.At(var.index);
  return state != nullptr && state->handle.Load(kAcquire) == (uint64_t{var.generation} << 1 | 1);
}

Status NaiveEngine::Check(std::span<const Access> accesses) const {
  if (stopping_.Load(kAcquire)) return PushAfterStop();
  for (const Access& access : accesses)
    if (!Usable(access.var)) return StaleVar(access.var);
  return {};
}

uint64_t NaiveEngine::TakeNumber(const Running& op) {
  if (op.deletes_var) vars_.Slot(op.accesses[0].var.index).handle.FetchAnd(~uint64_t{1}, kRelease);
  const uint64_t number = pushed_.Load(kRelaxed) + 1;
  pushed_.Store(number, kRelease);
  return number;
}

void NaiveEngine::RunDeferred() {
  while (!deferred_.empty()) {
    Deferred op = std::move(deferred_.front());
    deferred_.pop_front();
    if (op.program != nullptr)
      RunProgram(op.program.get(), op.push_number, op.deadline_ns);
    else
      Run({op.name, op.accesses, &op.body, op.deletes_var, op.push_number, op.deadline_ns});
  }
}

void NaiveEngine::Run(const Running& op) {
  TENTER_HIT(probe_, engine_sites::kBeforeDispatch, .op = op.name);
  Outcome outcome;
  bool cancelled = false;
  const bool poisoned_input = HasPoisonedInput(op.accesses);
  if (!op.deletes_var && cancelling_.Load(kRelaxed)) {
    cancelled = true;
    tally_.Count(&tally_.cancelled, 1, kRelease);
    outcome = {FailurePlace::kCancelled, Thrown::FromStatus(CancelledByStop(op.name))};
  } else if (!op.deletes_var && error_policy_ == ErrorPolicy::kSkipDependents && poisoned_input) {
    tally_.Count(&tally_.skipped, 1, kRelease);
  } else if (op.deadline_ns != 0 && NowNs() > op.deadline_ns) {
    tally_.Count(&tally_.ran, 1, kRelease);
    outcome = {FailurePlace::kDeadline, Thrown::FromStatus(DeadlineExceeded(op.name))};
  } else {
    tally_.Count(&tally_.ran, 1, kRelease);
    running_size_ = running_.Set(op.name);
    running_number_.Store(op.push_number, kRelaxed);
    const int64_t start_ns = tracer_ == nullptr ? 0 : NowNs();
    outcome = op.body->is_async() ? RunAsyncBody(op) : RunBody(op);
    if (tracer_ != nullptr) tracer_->Body(op.name, op.push_number, -1, start_ns, NowNs());
    running_number_.Store(0, kRelaxed);
  }
  if (!op.replayed) op.body->Reset();
  Record(op, std::move(outcome), cancelled, poisoned_input);
  tally_.Count(&tally_.ended[0], 1, kRelease);
}

void NaiveEngine::Record(const Running& op, Outcome outcome, bool cancelled, bool poisoned_input) {
  PoisonPtr poison;
  if (!outcome.thrown.empty() || poisoned_input) {
    FailurePtr own;
    if (cancelled) {
      own = std::make_shared<const Failure>(op.name, op.push_number, outcome.place,
                                            CurrentThreadName(), std::move(outcome.thrown));
    } else if (!outcome.thrown.empty()) {
      tally_.Count(&tally_.failed, 1, kRelease);
      own = LogFailure(op.name, op.push_number, outcome.place, std::move(outcome.thrown));
    }
    poison = PoisonLeftBy(op.name, op.push_number, PoisonedInputs(op.accesses), own);
  }
  for (const Access& access : op.accesses)
    if (Writes(access.mode)) EndWrite(&vars_.Slot(access.var.index), poison);
  if (!op.deletes_var) return;
  NaiveVar& var = vars_.Slot(op.accesses[0].var.index);
  EndWrite(&var, nullptr);
  var.handle.FetchAdd(2, kRelease);
  vars_.Remove(op.accesses[0].var.index);
}

void NaiveEngine::EndWrite(NaiveVar* var, const PoisonPtr& poison) {
  if (var->poison == poison) return;
  PoisonPtr before;  // destroyed without the lock, since an exception is the user's
  SmallMutexLock lock(var->mutex);
  before = std::exchange(var->poison, poison);
}

bool NaiveEngine::HasPoisonedInput(std::span<const Access> accesses) const {
  for (const Access& access : accesses)
    if (Reads(access.mode) && vars_.Slot(access.var.index).poison != nullptr) return true;
  return false;
}

std::vector<PoisonPtr> NaiveEngine::PoisonedInputs(std::span<const Access> accesses) const {
  std::vector<PoisonPtr> poisons;
  for (const Access& access : accesses)
    if (Reads(access.mode))
      if (const PoisonPtr& poison = vars_.Slot(access.var.index).poison; poison != nullptr)
        poisons.push_back(poison);
  return poisons;
}

FailurePtr NaiveEngine::LogFailure(std::string_view name, uint64_t push_number, FailurePlace place,
                                   Thrown thrown) {
  auto failure = std::make_shared<const Failure>(name, push_number, place, CurrentThreadName(),
                                                 std::move(thrown));
  MutexLock lock(log_mutex_);
  log_.Add(failure);
  return failure;
}

Status NaiveEngine::RefuseInsideOp(const char* wait) const {
  if (!InsideOp()) return {};
  return WaitInsideOp(wait, running_.view(running_size_), running_number_.Load(kRelaxed));
}

// The forking thread takes the turn, so no body runs elsewhere; if it has the turn already, it
// keeps it in both processes.
void NaiveEngine::BeforeFork() NO_THREAD_SAFETY_ANALYSIS {
  if (!InsideOp()) turn_.Lock();
  handles_mutex_.Lock();
  log_mutex_.Lock();
}

void NaiveEngine::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS {
  log_mutex_.Unlock();
  handles_mutex_.Unlock();
  if (!InsideOp()) turn_.Unlock();
}

void NaiveEngine::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  new (&handle_used_) CondVar;  // those who waited exist in the parent only
  AfterForkInParent();
}

Result<PoisonPtr> NaiveEngine::AwaitVar(Var var) {
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("WaitForVar"));
  SmallMutexLock turn(turn_);
  if (!Usable(var)) return StaleVar(var);
  return vars_.Slot(var.index).poison;
}

void NaiveEngine::WaitForAll() {
  if (Status status = RefuseInsideOp("WaitForAll"); !status.ok()) throw StatusError(status);
  std::vector<FailurePtr> failures;
  {
    SmallMutexLock turn(turn_);
    MutexLock lock(log_mutex_);
    failures = log_.TakeUnreported();
  }
  if (!failures.empty()) throw AggregateError(std::move(failures));
}

Status NaiveEngine::Stop(StopMode mode) {
  if (mode == StopMode::kCancel) cancelling_.Store(true, kSeqCst);
  stopping_.Store(true, kSeqCst);
  if (InsideOp()) return {};
  SmallMutexLock turn(turn_);
  return {};
}

FailurePtr NaiveEngine::FailureOf(const std::exception_ptr& exception) const {
  MutexLock lock(log_mutex_);
  return log_.Find(exception);
}

FailurePtr NaiveEngine::LastFailure() const {
  MutexLock lock(log_mutex_);
  return log_.Last();
}

EngineCounts NaiveEngine::counts() const {
  const uint64_t ended = tally_.ended[0].Load(kAcquire);
  EngineCounts counts{.pushed = pushed_.Load(kAcquire),
                      .ran = tally_.ran.Load(kAcquire),
                      .failed = tally_.failed.Load(kAcquire),
                      .skipped = tally_.skipped.Load(kAcquire),
                      .cancelled = tally_.cancelled.Load(kAcquire)};
  counts.live_ops = counts.pushed - ended;
  counts.live_vars = vars_.live();
  return counts;
}

void NaiveEngine::DumpTo(int fd) const {
  SignalText text(fd);
  text << "naive engine: " << pushed_.Load(kAcquire) - tally_.ended[0].Load(kAcquire)
       << " live ops\n";
  if (const uint64_t number = running_number_.Load(kAcquire); number != 0)
    text << "  op '" << running_.Peek().data() << "' (push " << number << ") is running\n";
}

EngineSnapshot NaiveEngine::Snapshot() const {
  EngineSnapshot snapshot{.engine = "naive", .stopping = stopping_.Load(kAcquire)};
  snapshot.live_ops = pushed_.Load(kAcquire) - tally_.ended[0].Load(kAcquire);
  if (const uint64_t number = running_number_.Load(kAcquire); number != 0)
    snapshot.ops.push_back({running_.Peek().data(), number, "is running", {}});
  for (uint32_t index = 0; index < vars_.size(); ++index) {
    NaiveVar& var = vars_.Slot(index);
    PoisonPtr poison;
    {
      SmallMutexLock lock(var.mutex);
      poison = var.poison;
    }
    if (poison != nullptr)
      snapshot.vars.push_back({.index = index, .poison = poison->root()->ToString()});
  }
  return snapshot;
}

}  // namespace tenter
