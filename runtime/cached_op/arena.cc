#include "runtime/cached_op/arena.h"

#include <cstring>
#include <new>
#include <utility>

namespace tenter {

Result<std::unique_ptr<Arena>> Arena::Create(Engine* engine,
                                             const std::shared_ptr<const Plan>& plan) {
  std::unique_ptr<Arena> arena(new Arena(engine, plan));
  TENTER_ASSIGN_OR_RETURN(arena->block_, HostBlock::Allocate(plan->arena_bytes()));
  arena->slots_.reserve(plan->slot_bytes().size());
  std::byte* next = arena->block_->data();
  for (const size_t bytes : plan->slot_bytes()) {
    arena->slots_.push_back(next);
    next += bytes;
  }
  TENTER_RETURN_IF_ERROR(arena->AddVars(arena->slots_.size()));
  arena->steps_.reserve(plan->steps().size());
  for (const PlanStep& step : plan->steps()) arena->AddStep(step);
  return arena;
}

void Arena::AddStep(const PlanStep& step) {
  ArenaStep& mine = steps_.emplace_back();
  AddTensors(step.inputs, &mine.inputs);
  AddTensors(step.outputs, &mine.outputs);
  for (const int slot : step.reads) mine.reads.push_back(slot_vars_[slot]);
  for (const int slot : step.writes) mine.writes.push_back(slot_vars_[slot]);
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

Status Arena::AddVars(size_t slots) {
  slot_vars_.reserve(slots);  // a var that nobody knows could not be deleted
  while (slot_vars_.size() < slots) {
    TENTER_ASSIGN_OR_RETURN(const Var var, engine_->NewVar());
    slot_vars_.push_back(var);
  }
  TENTER_ASSIGN_OR_RETURN(end_var_, engine_->NewVar());
  return {};
}

Arena::~Arena() {
  TENTER_CHECK(!has_ops(), "an arena was destroyed under its ops");
  DeleteVars();
}

bool Arena::DeleteVars() noexcept {
  whole_ = false;
  // A stopped engine refuses the deletions; its own destructor frees the vars then.
  const auto deleted = [this](Var var) {
    try {
      return engine_->DeleteVar(var).code() != StatusCode::kResourceExhausted;
    } catch (const std::bad_alloc&) {
      return false;
    }
  };
  while (!slot_vars_.empty()) {
    if (!deleted(slot_vars_.back())) return false;
    slot_vars_.pop_back();
  }
  if (end_var_ != Var{} && !deleted(end_var_)) return false;
  end_var_ = Var{};
  return true;
}

bool Arena::Fits(const std::shared_ptr<const Plan>& plan) const {
  return whole_ && !plan_of_idle_.owner_before(plan) && !plan.owner_before(plan_of_idle_);
}

Status Arena::Bind(uint64_t request, std::span<const Tensor> inputs, Probe* probe) {
  request_ = request;
  inputs_ = inputs;
  probe_ = probe;
  outputs_.reserve(plan_->output_specs().size());
  for (const TensorSpec& spec : plan_->output_specs()) {
    TENTER_ASSIGN_OR_RETURN(Tensor output, Tensor::Allocate(spec));
    outputs_.push_back(std::move(output));
  }
  for (const Bound& bound : bound_)
    *bound.tensor = bound.ref->source == ValueRef::Source::kInput ? inputs[bound.ref->index]
                                                                  : outputs_[bound.ref->index];
  return {};
}

void Arena::TakeBack() noexcept {
  for (const Bound& bound : bound_) *bound.tensor = Tensor();
  inputs_ = {};
  outputs_.clear();
  plan_ = nullptr;
}

void Arena::AwaitOps() const {
  for (uint32_t left; (left = ops_.Load(kAcquire)) != 0;) ops_.Wait(left, kAcquire);
}

// A view: the plan keeps its constants while the arena is lent, and the caller its inputs.
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
