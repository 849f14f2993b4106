#include "runtime/engine/naive_engine.h"

#include <new>
#include <utility>

#include "runtime/engine/push_rules.h"
#include "runtime/engine/sites.h"

namespace tenter {

NaiveEngine::NaiveEngine(const EngineOptions& options)
    : error_policy_(options.error_policy), probe_(options.probe) {}

NaiveEngine::~NaiveEngine() {
  MutexLock lock(mutex_);
  TENTER_CHECK(!InsideOp(), "an engine was destroyed inside one of its own ops");
  stopping_ = true;
  AwaitTurn();
  while (handles_alive_ > 0) changed_.Wait(mutex_);
}

Result<Var> NaiveEngine::NewVar() {
  MutexLock lock(mutex_);
  if (stopping_) return Status(StatusCode::kStopped, "NewVar after Stop");
  try {
    return vars_.Add();
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kResourceExhausted, "out of memory for a var");
  }
}

Result<uint64_t> NaiveEngine::Push(Op op) {
  TENTER_RETURN_IF_ERROR(CheckBodies(op));
  try {
    TENTER_HIT(probe_, engine_sites::kPushAllocate, .op = op.name);
    auto pending = std::make_unique<NaiveOp>();
    pending->accesses = NormaliseAccesses(op.reads, op.writes);
    pending->op = std::move(op);
    return Enqueue(std::move(pending));
  } catch (const std::bad_alloc&) {
    return Status(StatusCode::kResourceExhausted, "out of memory for op '" + op.name + "'");
  }
}

Status NaiveEngine::DeleteVar(Var var, std::function<void()> deleter) {
  try {
    auto pending = std::make_unique<NaiveOp>();
    pending->op = DeletionOp(var, std::move(deleter), probe_);
    pending->accesses = {{var, AccessMode::kWrite}};
    pending->deletes_var = true;
    return Enqueue(std::move(pending)).status();
  } catch (const std::bad_alloc&) {
    return {StatusCode::kResourceExhausted, "out of memory for the deletion of " + var.ToString()};
  }
}

Result<uint64_t> NaiveEngine::Enqueue(std::unique_ptr<NaiveOp> op) {
  uint64_t push_number = 0;
  {
    MutexLock lock(mutex_);
    const bool inside = InsideOp();
    if (!inside) AwaitTurn();
    TENTER_RETURN_IF_ERROR(CheckPush<VarState>(vars_, op->accesses, stopping_));
    if (op->deletes_var) FindUsable(vars_, op->accesses[0].var)->deleting = true;
    NaiveOp* const pending = op.get();
    deferred_.push_back(std::move(op));
    push_number = pending->push_number = ++counts_.pushed;
    ++counts_.live_ops;
    if (inside) return push_number;
    busy_ = true;
    runner_ = CurrentThreadId();
  }
  RunDeferred();
  return push_number;
}

void NaiveEngine::AwaitTurn() {
  while (busy_) changed_.Wait(mutex_);
}

void NaiveEngine::RunDeferred() {
  while (true) {
    std::unique_ptr<NaiveOp> op;
    {
      MutexLock lock(mutex_);
      if (deferred_.empty()) {
        busy_ = false;
        changed_.NotifyAll();
        return;
      }
      op = std::move(deferred_.front());
      deferred_.pop_front();
    }
    RunToEnd(std::move(op));
  }
}

void NaiveEngine::RunToEnd(std::unique_ptr<NaiveOp> op) {
  PoisonPtr inputs;
  if (Start(op.get(), &inputs)) AwaitEnd(op.get(), RunBody(op.get()));
  op->op.body = nullptr;
  op->op.async_body = nullptr;
  Finish(op.get(), inputs);
  MutexLock lock(mutex_);
  // A body may have thrown while another thread still holds the handle: then that thread frees
  // the op.
  if (op->handle_alive) op.release()->orphan = true;
}

bool NaiveEngine::Start(NaiveOp* op, PoisonPtr* inputs) {
  TENTER_HIT(probe_, engine_sites::kBeforeDispatch, .op = op->op.name);
  MutexLock lock(mutex_);
  *inputs = PoisonOfInputs(*op);
  if (!op->deletes_var && cancelling_) {
    ++counts_.cancelled;
    op->place = FailurePlace::kCancelled;
    op->thrown = Thrown::FromStatus(
        {StatusCode::kStopped, "op '" + op->op.name + "' was cancelled by Stop"});
    return false;
  }
  if (*inputs != nullptr && error_policy_ == ErrorPolicy::kSkipDependents) {
    ++counts_.skipped;
    return false;
  }
  ++counts_.ran;
  running_ = op->op.name;
  if (op->op.async_body != nullptr) {
    op->handle_alive = true;
    ++handles_alive_;
  }
  return true;
}

Thrown NaiveEngine::RunBody(NaiveOp* op) {
  const OpContext context{op->op.name, op->push_number, -1};
  try {
    if (op->op.async_body != nullptr) {
      Completion completion(this, op);
      HitBodySite(context);
      op->op.async_body(context, std::move(completion));
      return {};
    }
    // The deletion of a var has a site of its own, inside its body.
    if (!op->deletes_var) HitBodySite(context);
    op->op.body(context);
    if (!op->deletes_var &&
        TENTER_HIT(probe_, engine_sites::kComplete, .op = context.name).drop_completion) {
      MutexLock lock(mutex_);
      op->place = FailurePlace::kDropped;
      return Thrown::FromStatus({StatusCode::kCompletionDropped, "completion dropped"});
    }
  } catch (...) {
    MutexLock lock(mutex_);
    if (!op->ended) op->place = op->deletes_var ? FailurePlace::kDeleter : FailurePlace::kBody;
    return Thrown::Current();
  }
  return {};
}

void NaiveEngine::HitBodySite([[maybe_unused]] const OpContext& context) const {
  const ProbeOutcome fault = TENTER_HIT(probe_, engine_sites::kBody, .op = context.name);
  if (!fault.error.ok()) throw StatusError(fault.error);
}

void NaiveEngine::AwaitEnd(NaiveOp* op, Thrown thrown) {
  MutexLock lock(mutex_);
  if (!thrown.empty()) {
    if (op->ended && op->place != FailurePlace::kDropped) {
      FailurePtr ignored;
      LogFailure(*op, FailurePlace::kAfterEnd, std::move(thrown), &ignored);
    } else {
      // A handle that was dropped by the unwinding of this very exception is not the cause.
      if (op->place == FailurePlace::kDropped && op->op.async_body != nullptr)
        op->place = FailurePlace::kBody;
      op->thrown = std::move(thrown);
      op->ended = true;
    }
  }
  if (op->op.async_body == nullptr) op->ended = true;
  while (!op->ended) changed_.Wait(mutex_);
}

void NaiveEngine::Finish(NaiveOp* op, const PoisonPtr& inputs) {
  MutexLock lock(mutex_);
  FailurePtr own;
  if (!op->thrown.empty()) {
    if (op->place == FailurePlace::kCancelled) {
      own = std::make_shared<const Failure>(op->op.name, op->push_number, op->place,
                                            CurrentThreadName(), op->thrown);
    } else {
      ++counts_.failed;
      LogFailure(*op, op->place, op->thrown, &own);
    }
  }
  if (inputs != nullptr)
    for (const FailurePtr& failure : inputs->all())
      failure->AddToChain(op->op.name, op->push_number);
  const PoisonPtr poison = CombinePoison({&inputs, 1}, own);
  for (const VarAccess& access : op->accesses) {
    if (Writes(access.mode)) vars_.At(access.var.index).poison = poison;
    if (op->deletes_var) vars_.Remove(access.var.index);
  }
  op->ended = true;
  running_.clear();
  --counts_.live_ops;
}

PoisonPtr NaiveEngine::PoisonOfInputs(const NaiveOp& op) {
  std::vector<PoisonPtr> poisons;
  for (const VarAccess& access : op.accesses)
    if (Reads(access.mode))
      if (const PoisonPtr& poison = vars_.At(access.var.index).poison; poison != nullptr)
        poisons.push_back(poison);
  return poisons.empty() ? nullptr : CombinePoison(poisons, nullptr);
}

void NaiveEngine::OnCompleted(void* op, Thrown error) {
  auto* pending = static_cast<NaiveOp*>(op);
  if (TENTER_HIT(probe_, engine_sites::kComplete, .op = pending->op.name).drop_completion)
    return OnDropped(op);
  HandleUsed(pending, FailurePlace::kCompletion, std::move(error));
}

void NaiveEngine::OnDropped(void* op) {
  HandleUsed(static_cast<NaiveOp*>(op), FailurePlace::kDropped,
             Thrown::FromStatus({StatusCode::kCompletionDropped, "completion dropped"}));
}

void NaiveEngine::HandleUsed(NaiveOp* op, FailurePlace place, Thrown thrown) {
  std::unique_ptr<NaiveOp> done;
  MutexLock lock(mutex_);
  op->handle_alive = false;
  --handles_alive_;
  if (!op->ended) {
    op->place = place;
    op->thrown = std::move(thrown);
    op->ended = true;
  } else {
    // The body threw first. A late success changes nothing; a late error is a failure of its own.
    if (place == FailurePlace::kCompletion && !thrown.empty()) {
      FailurePtr ignored;
      LogFailure(*op, FailurePlace::kAfterEnd, std::move(thrown), &ignored);
    }
    if (op->orphan) done.reset(op);
  }
  changed_.NotifyAll();
}

void NaiveEngine::LogFailure(const NaiveOp& op, FailurePlace place, Thrown thrown,
                             FailurePtr* failure) {
  *failure = std::make_shared<const Failure>(op.op.name, op.push_number, place, CurrentThreadName(),
                                             std::move(thrown));
  log_.Add(*failure);
}

Status NaiveEngine::RefuseInsideOp(const char* wait) const {
  if (!InsideOp()) return {};
  return {StatusCode::kWaitInsideOp, std::string(wait) + " was called inside op '" + running_ +
                                         "': an op must not wait for its own engine"};
}

Result<PoisonPtr> NaiveEngine::AwaitVar(Var var) {
  MutexLock lock(mutex_);
  TENTER_RETURN_IF_ERROR(RefuseInsideOp("WaitForVar"));
  AwaitTurn();
  VarState* state = FindUsable(vars_, var);
  if (state == nullptr) return StaleVar(var);
  return state->poison;
}

void NaiveEngine::WaitForAll() {
  std::vector<FailurePtr> failures;
  {
    MutexLock lock(mutex_);
    if (Status status = RefuseInsideOp("WaitForAll"); !status.ok()) throw StatusError(status);
    AwaitTurn();
    failures = log_.TakeUnreported();
  }
  if (!failures.empty()) throw AggregateError(std::move(failures));
}

Status NaiveEngine::Stop(StopMode mode) {
  MutexLock lock(mutex_);
  stopping_ = true;
  if (mode == StopMode::kCancel) cancelling_ = true;
  if (!InsideOp()) AwaitTurn();
  return {};
}

FailurePtr NaiveEngine::FailureOf(const std::exception_ptr& exception) const {
  MutexLock lock(mutex_);
  return log_.Find(exception);
}

FailurePtr NaiveEngine::LastFailure() const {
  MutexLock lock(mutex_);
  return log_.Last();
}

EngineCounts NaiveEngine::counts() const {
  MutexLock lock(mutex_);
  EngineCounts counts = counts_;
  counts.live_vars = vars_.live();
  return counts;
}

std::string NaiveEngine::Describe() const {
  MutexLock lock(mutex_);
  std::string text = "naive engine: " + std::to_string(counts_.live_ops) + " live ops";
  if (busy_) text += ", a thread runs '" + running_ + "'";
  if (!deferred_.empty()) text += ", " + std::to_string(deferred_.size()) + " deferred";
  text += "\n";
  vars_.ForEach([&](uint32_t index, const VarState& state) {
    if (state.poison != nullptr)
      text += "  v" + std::to_string(index) + " is poisoned by " +
              state.poison->root()->ToString() + "\n";
  });
  return text;
}

}  // namespace tenter
