#include "runtime/cached_op/request.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/cached_op/sites.h"

namespace tenter {

Request::Request(uint64_t number, std::span<const Tensor> inputs, Arena* arena, Probe* probe)
    : number_(number), inputs_(inputs), arena_(arena), plan_(*arena->plan()), probe_(probe) {}

Status Request::AllocateOutputs() {
  for (const TensorSpec& spec : plan_.output_specs()) {
    TENTER_ASSIGN_OR_RETURN(Tensor output, Tensor::Allocate(spec));
    outputs_.push_back(std::move(output));
  }
  return {};
}

Status Request::RunOnEngine(Engine* engine) {
  TENTER_RETURN_IF_ERROR(AllocateOutputs());
  // Refuses a call from inside an op (ENG-7) before anything is pushed that would point to this
  // frame.
  TENTER_RETURN_IF_ERROR(engine->AwaitVar(arena_->end_var()).status());
  Status pushed;
  for (const PlanStep& step : plan_.steps())
    if (pushed = PushStep(engine, step).status(); !pushed.ok()) break;
  if (pushed.ok()) pushed = PushEnd(engine).status();
  if (!pushed.ok()) {
    AwaitPushedSteps(engine);
    return {pushed.code(), "request " + std::to_string(number_) + ": " + pushed.message()};
  }
  TENTER_ASSIGN_OR_RETURN(const PoisonPtr poison, engine->AwaitVar(arena_->end_var()));
  if (poison == nullptr) return {};
  return Describe(poison->root()->op(), poison->root()->thrown());
}

Result<uint64_t> Request::PushStep(Engine* engine, const PlanStep& step) {
  std::vector<Var> reads, writes;
  for (const int slot : step.reads) reads.push_back(arena_->slot_var(slot));
  for (const int slot : step.writes) writes.push_back(arena_->slot_var(slot));
  return engine->Push({.name = step.node,
                       .reads = reads,
                       .writes = writes,
                       .body = [this, &step](const OpContext& context) {
                         RunStep(step, std::max(context.worker, 0));
                       }});
}

Result<uint64_t> Request::PushEnd(Engine* engine) {
  return engine->Push({.name = "end of request",
                       .reads = arena_->slot_vars(),
                       .writes = {arena_->end_var()},
                       .body = [](const OpContext&) {}});
}

void Request::AwaitPushedSteps(Engine* engine) {
  for (const Var var : arena_->slot_vars()) static_cast<void>(engine->AwaitVar(var));
}

Status Request::RunInline() {
  TENTER_RETURN_IF_ERROR(AllocateOutputs());
  for (const PlanStep& step : plan_.steps()) {
    try {
      RunStep(step, 0);
    } catch (...) {
      return Describe(step.node, Thrown::Current());
    }
  }
  return {};
}

void Request::RunStep(const PlanStep& step, int executor) {
  const ProbeOutcome fault = TENTER_HIT(probe_, cached_op_sites::kNodeRun, .op = step.node,
                                        .request = static_cast<int64_t>(number_));
  if (!fault.error.ok()) throw StatusError(fault.error);
  std::vector<Tensor> inputs, outputs;
  inputs.reserve(step.inputs.size());
  outputs.reserve(step.outputs.size());
  for (const ValueRef& ref : step.inputs) inputs.push_back(Resolve(ref));
  for (const ValueRef& ref : step.outputs) outputs.push_back(Resolve(ref));
  step.kernel->Run(inputs, outputs, plan_.scratch(executor));
}

Tensor Request::Resolve(const ValueRef& ref) {
  switch (ref.source) {
    case ValueRef::Source::kAbsent:
      return {};
    case ValueRef::Source::kInput:
      return inputs_[ref.index];
    case ValueRef::Source::kConstant:
      return ref.constant;
    case ValueRef::Source::kSlot:
      return Tensor::Borrow(ref.spec, arena_->slot(ref.index));
    case ValueRef::Source::kOutput:
      return outputs_[ref.index];
  }
  return {};
}

Result<std::vector<Tensor>> Request::TakeOutputs() {
  // An output that is a constant, an input or another output has no step that writes it.
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const ValueRef& ref = plan_.outputs()[i];
    if (ref.source == ValueRef::Source::kOutput && ref.index == static_cast<int>(i)) continue;
    const Tensor source = Resolve(ref);
    std::memcpy(outputs_[i].mutable_raw(), source.raw(), source.size_bytes());
  }
  return std::move(outputs_);
}

Status Request::Describe(const std::string& node, const Thrown& thrown) const {
  const Status status = thrown.ToStatus();
  std::string where = "request " + std::to_string(number_) + ": node '" + node + "'";
  for (const PlanStep& step : plan_.steps())
    if (step.node == node) where += " (" + step.op_type + " of " + step.shapes + ")";
  return {status.code(), where + ": " + status.message()};
}

}  // namespace tenter
