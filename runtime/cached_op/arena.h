// Arena: the memory of one in-flight request, and the engine vars that order who uses which part
// of it.
//
// Thread safety: belongs to one request at a time; the steps of that request use distinct slots
//   at a time, as the engine's vars allow.
// Ownership and lifetime: owns its block and its vars; the engine must outlive it. Destroyed only
//   when no op of its request is alive.
// Invariants: one var per slot, and one for the end of the request.
// Errors: Create returns kResourceExhausted, or kStopped when the engine was stopped.
#pragma once

#include <memory>
#include <vector>

#include "runtime/cached_op/plan.h"
#include "runtime/engine/engine.h"

namespace tenter {

class Arena {
 public:
  static Result<std::unique_ptr<Arena>> Create(Engine* engine, std::shared_ptr<const Plan> plan);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  const std::shared_ptr<const Plan>& plan() const { return plan_; }
  void* slot(int index) { return slots_[index]; }
  Var slot_var(int index) const { return slot_vars_[index]; }
  const std::vector<Var>& slot_vars() const { return slot_vars_; }
  Var end_var() const { return end_var_; }

 private:
  Arena(Engine* engine, std::shared_ptr<const Plan> plan);

  Engine* const engine_;
  const std::shared_ptr<const Plan> plan_;
  std::shared_ptr<HostBlock> block_;
  std::vector<void*> slots_;
  std::vector<Var> slot_vars_;
  Var end_var_;
};

}  // namespace tenter
