#include "runtime/cached_op/request.h"

#include <utility>

#include "runtime/cached_op/step_body.h"

namespace tenter {

Status Request::RunOnEngine(Engine* engine) {
  // No op has been pushed, so this wait returns at once; but inside an op it is refused (ENG-7),
  // and so is the request.
  TENTER_RETURN_IF_ERROR(engine->AwaitVar(arena_->end_var()).status());
  TENTER_RETURN_IF_ERROR(arena_->Bind(number_, inputs_, probe_));
  if (const Status pushed = PushSteps(engine); !pushed.ok())
    return {pushed.code(), "request " + std::to_string(number_) + ": " + pushed.message()};
  TENTER_ASSIGN_OR_RETURN(const PoisonPtr poison, engine->AwaitVar(arena_->end_var()));
  if (poison == nullptr) return {};
  TENTER_RETURN_IF_ERROR(arena_->scope()->Forget());  // answered here
  return Describe(poison->root()->op(), poison->root()->thrown());
}

Status Request::PushSteps(Engine* engine) {
  for (size_t number = 0; number < plan_.steps().size(); ++number)
    TENTER_RETURN_IF_ERROR(PushStep(engine, number).status());
  return PushEnd(engine).status();
}

Result<uint64_t> Request::PushStep(Engine* engine, size_t number) {
  const ArenaStep& step = arena_->step(number);
  return engine->Push({.name = plan_.steps()[number].name,
                       .reads = step.reads,
                       .writes = step.writes,
                       .scope = arena_->scope(),
                       .body = StepBody(arena_, number)});
}

Result<uint64_t> Request::PushEnd(Engine* engine) {
  return engine->Push({.name = "end of request",
                       .reads = arena_->slot_vars(),
                       .writes = {arena_->end_var()},
                       .scope = arena_->scope(),
                       .body = EndBody(arena_)});
}

Status Request::RunInline() {
  TENTER_RETURN_IF_ERROR(arena_->Bind(number_, inputs_, probe_));
  for (size_t number = 0; number < plan_.steps().size(); ++number) {
    try {
      RunStep(*arena_, number, 0);
    } catch (...) {
      return Describe(plan_.steps()[number].name, Thrown::Current());
    }
  }
  EndRequest(*arena_);
  return {};
}

// A step that the compiler put in has the name of a node that another step does.
std::string Request::NodeOf(const std::string& step_name) const {
  for (size_t number = 0; number < plan_.steps().size(); ++number) {
    const PlanStep& step = plan_.steps()[number];
    if (step.name == step_name && !step.nodes.empty())
      return NameOf(step.nodes[arena_->step(number).failed]);
  }
  for (const PlanStep& step : plan_.steps())
    for (const ModelNode& node : step.nodes)
      if (node.name == step_name) return NameOf(node);
  return "node '" + step_name + "'";
}

Status Request::Describe(const std::string& step_name, const Thrown& thrown) const {
  const Status status = thrown.ToStatus();
  return {status.code(), "request " + std::to_string(number_) + ": " + NodeOf(step_name) + ": " +
                             status.message()};
}

}  // namespace tenter
