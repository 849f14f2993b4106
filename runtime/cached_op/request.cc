#include "runtime/cached_op/request.h"

#include <optional>
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

// Two nodes may have the same name, and a step that the compiler put in has that of another one: of
// the steps with this name, the first one that failed is meant, as of all that failed.
std::string Request::NodeOf(const std::string& step_name) const {
  for (size_t number = 0; number < plan_.steps().size(); ++number) {
    const PlanStep& step = plan_.steps()[number];
    const std::optional<size_t> at_node = arena_->step(number).at_node;
    if (step.name == step_name && at_node && !step.nodes.empty())
      return NameOf(step.nodes[*at_node]);
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
