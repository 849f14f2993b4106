#include "runtime/cached_op/arena.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace tenter {

Arena::~Arena() {
  TENTER_CHECK(abandoned_ || request_ == nullptr, "an arena was destroyed under a request");
  // Those that DeleteVars left.
  for (const Var var : vars_) static_cast<void>(DeleteVar(var, nullptr));
}

Fitting* Arena::FittingOf(const std::shared_ptr<const Plan>& plan) const {
  const auto found = std::find_if(fittings_.begin(), fittings_.end(),
                                  [&](const auto& fitting) { return fitting->IsOf(plan); });
  return found == fittings_.end() ? nullptr : found->get();
}

Status Arena::Lend(std::shared_ptr<const Plan> plan) {
  Fitting* fitting = FittingOf(plan);
  if (fitting == nullptr) {
    TENTER_ASSIGN_OR_RETURN(fitting, Fit(plan));
  }
  SmallMutexLock lock(mutex_);
  plan_ = std::move(plan);
  fitting_ = fitting;
  return {};
}

// The vars are made without the lock, since the engine has locks of its own, which a fork takes.
Result<Fitting*> Arena::Fit(const std::shared_ptr<const Plan>& plan) {
  {
    SmallMutexLock lock(mutex_);
    std::erase_if(fittings_, [](const auto& fitting) { return fitting->stale(); });
    TENTER_RETURN_IF_ERROR(Reserve(*plan));
  }
  TENTER_RETURN_IF_ERROR(AddVars(Fitting::VarsFor(*plan)));
  TENTER_ASSIGN_OR_RETURN(std::unique_ptr<Fitting> fitting,
                          Fitting::Make(plan, block_->data(), vars_));
  SmallMutexLock lock(mutex_);
  return fittings_.emplace_back(std::move(fitting)).get();
}

// Memory for one more plan. A block that is too small gives way to another one, and all that lies
// in it goes; so does one that a plan had needed which is gone now, and which nobody else needs
// half.
Status Arena::Reserve(const Plan& plan) {
  size_t wanted = Fitting::BytesFor(plan);
  for (const auto& fitting : fittings_) wanted = std::max(wanted, fitting->bytes());
  if (block_ == nullptr || bytes() < wanted || bytes() / 2 > wanted) {
    fittings_.clear();
    SetBlock(nullptr);
    TENTER_ASSIGN_OR_RETURN(std::shared_ptr<HostBlock> block, HostBlock::Allocate(wanted));
    SetBlock(std::move(block));
  }
  // So that AddVars can write down every var that it makes: one that is lost is never deleted.
  vars_.reserve(Fitting::VarsFor(plan));
  fittings_.reserve(fittings_.size() + 1);
  return {};
}

void Arena::SetBlock(std::shared_ptr<HostBlock> block) {
  block_ = std::move(block);
  bytes_.Store(block_ == nullptr ? 0 : block_->size_bytes(), kRelaxed);
}

Status Arena::AddVars(size_t count) {
  while (vars_.size() < count) {
    TENTER_ASSIGN_OR_RETURN(const Var var, engine_->NewVar());
    vars_.push_back(var);
  }
  return {};
}

bool Arena::DeleteVars(const std::shared_ptr<Arena>& arena) noexcept {
  {  // what is left of it, when memory is short, must not be taken for a whole one
    SmallMutexLock lock(arena->mutex_);
    arena->fittings_.clear();
  }
  try {
    while (!arena->vars_.empty()) {
      std::function<void()> deleter;
      if (arena->abandoned_) deleter = [arena] {};
      if (!arena->DeleteVar(arena->vars_.back(), std::move(deleter))) return false;
      arena->vars_.pop_back();
    }
  } catch (const std::bad_alloc&) {
    return false;
  }
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
}

Status Arena::Bind(Request* request, FailureScope* scope, std::span<const Tensor> inputs) {
  SmallMutexLock lock(mutex_);
  request_ = request;
  scope_ = scope;
  complete_ = false;
  inputs_ = inputs;
  outputs_.reserve(plan_->output_specs().size());
  for (const TensorSpec& spec : plan_->output_specs()) {
    TENTER_ASSIGN_OR_RETURN(Tensor output, Tensor::Allocate(spec));
    outputs_.push_back(std::move(output));
  }
  fitting_->Bind(inputs_, outputs_);
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
  if (plan_ == nullptr) return;
  fitting_->Unbind();
  request_ = nullptr;
  scope_ = nullptr;
  inputs_ = {};
  outputs_.clear();
  plan = std::move(plan_);
  fitting_ = nullptr;
}

std::vector<Tensor> Arena::TakeOutputs() {
  SmallMutexLock lock(mutex_);
  // An output that is a constant, an input or another output has no step that writes it.
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const ValueRef& ref = plan_->outputs()[i];
    if (ref.source == ValueRef::Source::kOutput && ref.index == static_cast<int>(i)) continue;
    const Tensor source = fitting_->Resolve(ref, inputs_, outputs_);
    std::memcpy(outputs_[i].mutable_raw(), source.raw(), source.size_bytes());
  }
  return std::move(outputs_);
}

}  // namespace tenter
