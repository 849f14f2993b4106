#include "runtime/engine/naive_engine.h"

#include <new>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/engine/push_rules.h"
#include "runtime/engine/signal_text.h"
#include "runtime/engine/sites.h"

namespace tenter {
namespace {

// Of several stale handles all engines name the same.
const Var* Smaller(const Var* a, const Var* b) {
  if (a == nullptr) return b;
  return std::pair(a->index, a->generation) < std::pair(b->index, b->generation) ? a : b;
}

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
    Use on_stack[kOnStack];
    std::unique_ptr<Use[]> on_heap;
    const size_t size = op->reads.size() + op->writes.size();
    if (size > kOnStack) on_heap = std::make_unique<Use[]>(size);
    const std::span uses(size > kOnStack ? on_heap.get() : on_stack, size);
    if (InsideOp()) {
      TENTER_RETURN_IF_ERROR(FindVars(*op, uses.data()));
      return Defer(op, uses, deletes_var);
    }
    SmallMutexLock turn(turn_);
    TENTER_RETURN_IF_ERROR(FindVars(*op, uses.data()));
    return PushInTurn(op, uses, deletes_var);
  } catch (const std::bad_alloc&) {
    return NoMemoryFor(op->name);
  }
}

Result<uint64_t> NaiveEngine::PushInTurn(Op* op, std::span<const Use> uses, bool deletes_var) {
  Running running{op->name,    uses, &op->body,
                  deletes_var, 0,    op->timeout_ns > 0 ? NowNs() + op->timeout_ns : 0};
  running.push_number = TakeNumber(running);
  runner_.Store(CurrentThreadKey(), kRelaxed);
  Run(running);
  if (!deferred_.empty()) RunDeferred();
  runner_.Store(0, kRelaxed);
  return running.push_number;
}

// This thread has the turn, further down its stack.
Result<uint64_t> NaiveEngine::Defer(Op* op, std::span<const Use> uses, bool deletes_var) {
  deferred_.push_back({std::string(op->name),
                       {uses.begin(), uses.end()},
                       OpBody(),
                       deletes_var,
                       0,
                       op->timeout_ns > 0 ? NowNs() + op->timeout_ns : 0});
  Deferred& deferred = deferred_.back();
  deferred.body = std::move(op->body);
  deferred.push_number = TakeNumber(
      {deferred.name, deferred.uses, &deferred.body, deletes_var, 0, deferred.deadline_ns});
  return deferred.push_number;
}

Result<ProgramPtr> NaiveEngine::Capture(Recording recording) {
  return MakeProgram(this, std::move(recording), &programs_);
}

Result<uint64_t> NaiveEngine::Replay(const ProgramPtr& program) {
  try {
    TENTER_HIT(probe_, engine_sites::kPushAllocate, .op = "replay");
    if (InsideOp()) return DeferReplay(program);
  } catch (const std::bad_alloc&) {
    return NoMemoryFor("a replay");
  }
  SmallMutexLock turn(turn_);
  TENTER_RETURN_IF_ERROR(FindVars(*program, &replay_uses_));
  const uint64_t first = TakeNumbers(*program);
  runner_.Store(CurrentThreadKey(), kRelaxed);
  RunProgram(*program, replay_uses_, first, NowNs());
  if (!deferred_.empty()) RunDeferred();
  runner_.Store(0, kRelaxed);
  return first;
}

Result<uint64_t> NaiveEngine::DeferReplay(const ProgramPtr& program) {
  std::vector<Use> uses;
  TENTER_RETURN_IF_ERROR(FindVars(*program, &uses));
  deferred_.push_back({"replay", std::move(uses), OpBody(), false, 0, NowNs(), program});
  return deferred_.back().push_number = TakeNumbers(*program);
}

uint64_t NaiveEngine::TakeNumbers(const Program& program) {
  const uint64_t first = pushed_.Load(kRelaxed) + 1;
  pushed_.Store(first + program.size() - 1, kRelease);
  return first;
}

void NaiveEngine::RunProgram(Program& program, std::span<const Use> uses, uint64_t first_number,
                             int64_t pushed_ns) {
  for (const auto& node : program.nodes_) {
    Run({node->name(), uses.first(node->access_count), &node->body, false, first_number++,
         node->timeout_ns > 0 ? pushed_ns + node->timeout_ns : 0, true});
    uses = uses.subspan(node->access_count);
  }
}

// The var that `var` is a handle of, or null when it is stale.
NaiveEngine::NaiveVar* NaiveEngine::Find(Var var) const {
  NaiveVar* const state = vars_.At(var.index);
  const bool usable =
      state != nullptr && state->handle.Load(kAcquire) == (uint64_t{var.generation} << 1 | 1);
  return usable ? state : nullptr;
}

// Fills as many entries of `uses` as the op names vars. Errors: kStopped, kStaleHandle.
Status NaiveEngine::FindVars(const Op& op, Use* uses) const {
  if (stopping_.Load(kAcquire)) return PushAfterStop();
  const Var* stale = nullptr;
  const auto find = [&](const VarList& vars, bool reads) {
    for (const Var& var : vars) {
      NaiveVar* const state = Find(var);
      if (state == nullptr) stale = Smaller(stale, &var);
      *uses++ = {state, var.index, reads, !reads};
    }
  };
  find(op.reads, true);
  find(op.writes, false);
  return stale == nullptr ? Status() : StaleVar(*stale);
}

// Fills `uses` with those of all nodes, one after the other. Errors as above, and
// kResourceExhausted.
Status NaiveEngine::FindVars(const Program& program, std::vector<Use>* uses) const {
  if (stopping_.Load(kAcquire)) return PushAfterStop();
  const Var* stale = nullptr;
  try {
    uses->clear();
    for (const auto& node : program.nodes_)
      for (const Access& access : node->accesses()) {
        NaiveVar* const state = Find(access.var);
        if (state == nullptr) stale = Smaller(stale, &access.var);
        uses->push_back({state, access.var.index, Reads(access.mode), Writes(access.mode)});
      }
  } catch (const std::bad_alloc&) {
    return NoMemoryFor("a replay");
  }
  return stale == nullptr ? Status() : StaleVar(*stale);
}

uint64_t NaiveEngine::TakeNumber(const Running& op) {
  if (op.deletes_var) op.uses[0].var->handle.FetchAnd(~uint64_t{1}, kRelease);
  const uint64_t number = pushed_.Load(kRelaxed) + 1;
  pushed_.Store(number, kRelease);
  return number;
}

void NaiveEngine::RunDeferred() {
  while (!deferred_.empty()) {
    Deferred op = std::move(deferred_.front());
    deferred_.pop_front();
    if (op.program != nullptr)
      RunProgram(*op.program, op.uses, op.push_number, op.deadline_ns);
    else
      Run({op.name, op.uses, &op.body, op.deletes_var, op.push_number, op.deadline_ns});
  }
}

void NaiveEngine::Run(const Running& op) {
  TENTER_HIT(probe_, engine_sites::kBeforeDispatch, .op = op.name);
  Outcome outcome;
  bool cancelled = false;
  const bool poisoned_input = HasPoisonedInput(op.uses);
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
    poison = PoisonLeftBy(op.name, op.push_number, PoisonedInputs(op.uses), own);
  }
  for (const Use& use : op.uses)
    if (use.writes) EndWrite(use.var, poison);
  if (!op.deletes_var) return;
  NaiveVar& var = *op.uses[0].var;
  EndWrite(&var, nullptr);
  var.handle.FetchAdd(2, kRelease);
  vars_.Remove(op.uses[0].index);
}

void NaiveEngine::EndWrite(NaiveVar* var, const PoisonPtr& poison) {
  if (var->poison == poison) return;
  PoisonPtr before;  // destroyed without the lock, since an exception is the user's
  SmallMutexLock lock(var->mutex);
  before = std::exchange(var->poison, poison);
}

bool NaiveEngine::HasPoisonedInput(std::span<const Use> uses) {
  for (const Use& use : uses)
    if (use.reads && use.var->poison != nullptr) return true;
  return false;
}

std::vector<PoisonPtr> NaiveEngine::PoisonedInputs(std::span<const Use> uses) {
  std::vector<PoisonPtr> poisons;
  for (const Use& use : uses)
    if (use.reads && use.var->poison != nullptr) poisons.push_back(use.var->poison);
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
void NaiveEngine::TakeTurnForFork() NO_THREAD_SAFETY_ANALYSIS {
  if (!InsideOp()) turn_.Lock();
}

// What those hold who do not take the turn.
void NaiveEngine::BeforeFork() NO_THREAD_SAFETY_ANALYSIS {
  handles_mutex_.Lock();
  log_mutex_.Lock();
  programs_.mutex().Lock();
  vars_.mutex().Lock();
}

void NaiveEngine::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS {
  vars_.mutex().Unlock();
  programs_.mutex().Unlock();
  log_mutex_.Unlock();
  handles_mutex_.Unlock();
  if (!InsideOp()) turn_.Unlock();
}

void NaiveEngine::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  new (&handle_used_) CondVar;  // those who waited exist in the parent only
  // So do those who looked at a var; they changed nothing.
  for (uint32_t index = 0; index < vars_.size(); ++index) new (&vars_.Slot(index).mutex) SmallMutex;
  AfterForkInParent();
}

Result<PoisonPtr> NaiveEngine::AwaitVar(Var var) {
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("WaitForVar"));
  SmallMutexLock turn(turn_);
  const NaiveVar* const state = Find(var);
  if (state == nullptr) return StaleVar(var);
  return state->poison;
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
