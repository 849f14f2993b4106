// The push path of NaiveEngine, down to the end of the op.
#include <new>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/engine/naive/naive_engine.h"
#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/sites.h"

namespace tenter {

Result<uint64_t> NaiveEngine::Push(Op&& op) {
  if (!op.body) return NoBody(op.name);
  return Enqueue(&op, false);
}

Status NaiveEngine::DeleteVar(Var var, std::function<void()> deleter) {
  try {
    const std::string name = "delete " + var.ToString();
    Op op{.name = name, .body = DeletionBody(std::move(deleter), probe_)};
    op.writes = std::span<const Var>(&var, 1);
    return Enqueue(&op, true).status();
  } catch (const std::bad_alloc&) {
    return NoMemoryFor("delete");
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
  Running running{.name = op->name,
                  .uses = uses,
                  .body = &op->body,
                  .deletes_var = deletes_var,
                  .push_number = 0,
                  .deadline_ns = DeadlineFromNow(op->timeout_ns),
                  .scope = op->scope};
  if (op->scope != nullptr) op->scope->Enter(1);
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
                       DeadlineFromNow(op->timeout_ns),
                       op->scope});
  if (op->scope != nullptr) op->scope->Enter(1);
  Deferred& deferred = deferred_.back();
  deferred.body = std::move(op->body);
  deferred.push_number = TakeNumber({deferred.name, deferred.uses, &deferred.body, deletes_var, 0,
                                     deferred.deadline_ns, nullptr});
  return deferred.push_number;
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
      if (state == nullptr) stale = SmallerVar(stale, &var);
      *uses++ = {state, var.index, reads, !reads};
    }
  };
  find(op.reads, true);
  find(op.writes, false);
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
      RunProgram(static_cast<CapturedProgram&>(*op.program), op.uses, op.push_number,
                 op.deadline_ns, op.scope);
    else
      Run({op.name, op.uses, &op.body, op.deletes_var, op.push_number, op.deadline_ns, op.scope});
  }
}

void NaiveEngine::Run(const Running& op) {
  TENTER_HIT(probe_, engine_sites::kBeforeDispatch, .op = op.name);
  Outcome outcome{.decision = Decide(op)};
  if (outcome.decision == Decision::kLate) {
    outcome = {.place = FailurePlace::kDeadline, .thrown = DeadlineExceeded(op.name)};
  } else if (outcome.decision == Decision::kRun) {
    running_size_ = running_.Set(op.name);
    running_number_.Store(op.push_number, kRelease);
    const int64_t start_ns = tracer_ == nullptr ? 0 : NowNs();
    outcome = op.body->is_async() ? RunAsyncBody(op) : RunBody(op);
    if (tracer_ != nullptr) tracer_->Body(op.name, op.push_number, -1, start_ns, NowNs());
    running_number_.Store(0, kRelaxed);
  }
  if (!op.replayed) op.body->Reset();
  Record(op, std::move(outcome));
  if (op.scope != nullptr) op.scope->Leave(1);
  tally_.Count(&tally_.ended[0], 1, kRelease);
}

Decision NaiveEngine::Decide(const Running& op) const {
  if (op.deletes_var) return Decision::kRun;
  if (cancel_.cancelled() || (op.scope != nullptr && op.scope->cancelled()))
    return Decision::kCancel;
  if (error_policy_ == ErrorPolicy::kSkipDependents && HasPoisonedInput(op.uses))
    return Decision::kSkip;
  return HasPassed(op.deadline_ns) ? Decision::kLate : Decision::kRun;
}

void NaiveEngine::Record(const Running& op, Outcome outcome) {
  const bool ran = outcome.decision == Decision::kRun;
  tally_.Count(ran                                   ? &tally_.ran
               : outcome.decision == Decision::kSkip ? &tally_.skipped
                                                     : &tally_.cancelled,
               1, kRelease);
  PoisonPtr poison;
  if (!ran || !outcome.thrown.empty() || HasPoisonedInput(op.uses)) {
    if (ran && !outcome.thrown.empty()) tally_.Count(&tally_.failed, 1, kRelease);
    poison = failures_.PoisonLeftBy({op.name, op.push_number, op.scope}, std::move(outcome),
                                    PoisonedInputs(op.uses), cancel_);
  }
  for (const Use& use : op.uses)
    if (use.writes) EndWrite(use.var, poison);
  if (!op.deletes_var) return;
  NaiveVar& var = *op.uses[0].var;
  EndWrite(&var, nullptr);
  var.handle.FetchAdd(2, kRelease);
  TENTER_HIT(probe_, engine_sites::kDeleted, .op = op.name, .var = op.uses[0].index);
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

PoisonMerge NaiveEngine::PoisonedInputs(std::span<const Use> uses) {
  PoisonMerge merge;
  for (const Use& use : uses)
    if (use.reads) merge.Add(use.var->poison);
  return merge;
}

}  // namespace tenter
