#include "runtime/cached_op/arena.h"

#include <utility>

namespace tenter {

Arena::Arena(Engine* engine, std::shared_ptr<const Plan> plan)
    : engine_(engine), plan_(std::move(plan)) {}

Result<std::unique_ptr<Arena>> Arena::Create(Engine* engine, std::shared_ptr<const Plan> plan) {
  std::unique_ptr<Arena> arena(new Arena(engine, std::move(plan)));
  TENTER_ASSIGN_OR_RETURN(arena->block_, HostBlock::Allocate(arena->plan_->arena_bytes()));
  std::byte* next = arena->block_->data();
  for (const size_t bytes : arena->plan_->slot_bytes()) {
    arena->slots_.push_back(next);
    next += bytes;
    TENTER_ASSIGN_OR_RETURN(const Var var, engine->NewVar());
    arena->slot_vars_.push_back(var);
  }
  TENTER_ASSIGN_OR_RETURN(arena->end_var_, engine->NewVar());
  return arena;
}

Arena::~Arena() {
  // A stopped engine refuses the deletions; its own destructor frees the vars then.
  for (const Var var : slot_vars_) static_cast<void>(engine_->DeleteVar(var));
  if (end_var_ != Var{}) static_cast<void>(engine_->DeleteVar(end_var_));
}

}  // namespace tenter
