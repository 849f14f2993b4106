// Push rules: what both engines ask of an op before they enqueue it, and the op that deletes a var.
//
// Path: Engine::Push, Engine::DeleteVar -> these -> the engine's own queue.
//
// Thread safety: pure, or guarded by the engine's lock where a table is passed in.
// Ownership and lifetime: values.
// Invariants: both engines refuse the same ops with the same words (ENG-11).
// Errors: kInvalidArgument, kStopped, kStaleHandle.
#pragma once

#include <functional>
#include <span>

#include "runtime/base/probe.h"
#include "runtime/engine/access.h"
#include "runtime/engine/failure.h"
#include "runtime/engine/op.h"
#include "runtime/engine/var_table.h"

namespace tenter {

// An op has exactly one of body and async_body.
Status CheckBodies(const Op& op);

// What a stale handle is answered with (ENG-8).
Status StaleVar(Var var);

// The op behind DeleteVar: a plain write of `var` that runs `deleter`, which may be null.
Op DeletionOp(Var var, std::function<void()> deleter, Probe* probe);

// The state of a var that may still be used: live, and no deletion of it was pushed. Null
// otherwise.
template <typename State>
State* FindUsable(VarTable<State>& vars, Var var) {
  State* state = vars.Find(var);
  return state == nullptr || state->deleting ? nullptr : state;
}

// kStopped or kStaleHandle when a push over `accesses` must be refused.
template <typename State>
Status CheckPush(VarTable<State>& vars, std::span<const VarAccess> accesses, bool stopping) {
  if (stopping) return {StatusCode::kStopped, "push after Stop"};
  for (const VarAccess& access : accesses)
    if (FindUsable(vars, access.var) == nullptr) return StaleVar(access.var);
  return {};
}

}  // namespace tenter
