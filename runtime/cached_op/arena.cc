#include "runtime/cached_op/arena.h"

#include <cstring>
#include <new>
#include <utility>

namespace tenter {

Result<std::shared_ptr<Arena>> Arena::Create(Engine* engine,
                                             const std::shared_ptr<const Plan>& plan) {
  std::shared_ptr<Arena> arena(new Arena(engine, plan));
  const size_t scratch_bytes = plan->scratch_of_workers() ? 0 : plan->scratch_bytes();
  TENTER_ASSIGN_OR_RETURN(arena->block_, HostBlock::Allocate(plan->arena_bytes() + scratch_bytes));
  arena->slots_.reserve(plan->slot_bytes().size());
  std::byte* next = arena->block_->data();
  for (const size_t bytes : plan->slot_bytes()) {
    arena->slots_.push_back(next);
    next += bytes;
  }
  arena->scratch_ = next;
  // So that AddVars can write down every var that it makes: one that is lost is never deleted.
  arena->vars_.reserve(plan->vars());
  return arena;
}

Status Arena::AddStep(const PlanStep& step) {
  ArenaStep& mine = steps_.emplace_back();
  AddTensors(step.inputs, &mine.inputs);
  AddTensors(step.outputs, &mine.outputs);
  try {
    mine.state = step.kernel->MakeState();
  } catch (const StatusError& error) {
    const std::string who = step.nodes.empty() ? "node '" + step.name + "'" : NameOf(step.nodes[0]);
    return {error.status().code(), who + ": " + error.status().message()};
  }
  return {};
}

void Arena::AddTensors(const std::vector<ValueRef>& refs, std::vector<Tensor>* tensors) {
  using Source = ValueRef::Source;
  tensors->resize(refs.size());
  for (size_t i = 0; i < refs.size(); ++i) {
    if (refs[i].source == Source::kInput || refs[i].source == Source::kOutput)
      bound_.push_back({&(*tensors)[i], &refs[i]});
    else
      (*tensors)[i] = Resolve(refs[i]);
  }
}

Status Arena::AddVars(const Plan& plan) {
  while (vars_.size() < plan.vars()) {
    TENTER_ASSIGN_OR_RETURN(const Var var, engine_->NewVar());
    vars_.push_back(var);
  }
  TENTER_ASSIGN_OR_RETURN(end_var_, engine_->NewVar());
  return {};
}

void Arena::AddOp(const PlanOp& op, bool is_last) {
  ArenaOp& mine = ops_.emplace_back();
  for (const int var : op.reads) mine.reads.push_back(vars_[var]);
  for (const int var : op.writes) mine.writes.push_back(vars_[var]);
  if (is_last) mine.writes.push_back(end_var_);
}

Status Arena::Complete(const Plan& plan) {
  if (!plan.runs_inline()) TENTER_RETURN_IF_ERROR(AddVars(plan));
  for (const PlanOp& op : plan.ops()) AddOp(op, &op == &plan.ops().back());
  steps_.reserve(plan.steps().size());
  for (const PlanStep& step : plan.steps()) TENTER_RETURN_IF_ERROR(AddStep(step));
  whole_ = true;
  return {};
}

Arena::~Arena() {
  TENTER_CHECK(abandoned_ || request_ == nullptr, "an arena was destroyed under a request");
  // Those that DeleteVars left, and those of an arena that was never made whole.
  for (const Var var : vars_) static_cast<void>(DeleteVar(var, nullptr));
  if (end_var_ != Var{}) static_cast<void>(DeleteVar(end_var_, nullptr));
}

bool Arena::DeleteVars(const std::shared_ptr<Arena>& arena) noexcept {
  arena->whole_ = false;
  const auto deleter = [&]() -> std::function<void()> {
    if (!arena->abandoned_) return nullptr;
    return [arena] {};
  };
  try {
    while (!arena->vars_.empty()) {
      if (!arena->DeleteVar(arena->vars_.back(), deleter())) return false;
      arena->vars_.pop_back();
    }
    if (arena->end_var_ != Var{} && !arena->DeleteVar(arena->end_var_, deleter())) return false;
  } catch (const std::bad_alloc&) {
    return false;
  }
  arena->end_var_ = Var{};
  return true;
}

// False when the var was not deleted, and the arena has to stay for it. That a stopped engine
// refuses does no harm: its destructor frees all vars. But an abandoned arena stays then, too,
// since no deleter tells when its ops have ended.
bool Arena::DeleteVar(Var var, std::function<void()> deleter) {
  try {
    const StatusCode code = engine_->DeleteVar(var, std::move(deleter)).code();
    return code != StatusCode::kResourceExhausted && !(abandoned_ && code == StatusCode::kStopped);
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void Arena::AwaitVars() const {
  for (const Var var : vars_) static_cast<void>(engine_->AwaitVar(var));
  if (end_var_ != Var{}) static_cast<void>(engine_->AwaitVar(end_var_));
}

bool Arena::Fits(const std::shared_ptr<const Plan>& plan) const {
  return whole_ && !plan_of_idle_.owner_before(plan) && !plan.owner_before(plan_of_idle_);
}

void Arena::Lend(std::shared_ptr<const Plan> plan) {
  SmallMutexLock lock(mutex_);
  plan_ = std::move(plan);
}

Status Arena::Bind(Request* request, uint64_t number, FailureScope* scope,
                   std::span<const Tensor> inputs, Probe* probe) {
  SmallMutexLock lock(mutex_);
  request_ = request;
  scope_ = scope;
  number_ = number;
  complete_ = false;
  inputs_ = inputs;
  probe_ = probe;
  outputs_.reserve(plan_->output_specs().size());
  for (const TensorSpec& spec : plan_->output_specs()) {
    TENTER_ASSIGN_OR_RETURN(Tensor output, Tensor::Allocate(spec));
    outputs_.push_back(std::move(output));
  }
  for (ArenaStep& step : steps_) step.at_node.reset();
  for (const Bound& bound : bound_)
    *bound.tensor = bound.ref->source == ValueRef::Source::kInput ? inputs[bound.ref->index]
                                                                  : outputs_[bound.ref->index];
  return {};
}

void Arena::Abandon() {
  abandoned_ = true;
  if (scope_ != nullptr) scope_->ForgetCall();
}

void Arena::TakeBack() noexcept {
  // Perhaps the last reference; it is let go after the lock, since destroying a plan takes long.
  std::shared_ptr<const Plan> plan;
  SmallMutexLock lock(mutex_);
  for (const Bound& bound : bound_) *bound.tensor = Tensor();
  request_ = nullptr;
  scope_ = nullptr;
  inputs_ = {};
  outputs_.clear();
  plan = std::move(plan_);
}

// Constants are borrowed, since the plan lives as long as the arena is lent.
Tensor Arena::Resolve(const ValueRef& ref) const {
  switch (ref.source) {
    case ValueRef::Source::kAbsent:
      return {};
    case ValueRef::Source::kInput:
      return inputs_[ref.index];
    case ValueRef::Source::kConstant:
      return Tensor::Borrow(ref.spec, const_cast<void*>(ref.constant.raw()));
    case ValueRef::Source::kSlot:
      return Tensor::Borrow(ref.spec, slots_[ref.index]);
    case ValueRef::Source::kOutput:
      return outputs_[ref.index];
  }
  return {};
}

std::vector<Tensor> Arena::TakeOutputs() {
  SmallMutexLock lock(mutex_);
  // An output that is a constant, an input or another output has no step that writes it.
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const ValueRef& ref = plan_->outputs()[i];
    if (ref.source == ValueRef::Source::kOutput && ref.index == static_cast<int>(i)) continue;
    const Tensor source = Resolve(ref);
    std::memcpy(outputs_[i].mutable_raw(), source.raw(), source.size_bytes());
  }
  return std::move(outputs_);
}

}  // namespace tenter
