// ScopeObject: what the handle of a failure scope stands for.
//
// Path: tenter_scope_create -> ScopeObject -> the pushes that name it (ScopeUse).
//
// Thread safety: every member from any thread.
// Ownership and lifetime: a scope keeps its engine. It is dropped before that, which waits for
//   nothing: its ops keep it.
#pragma once

#include <memory>

#include "runtime/base/atomic.h"
#include "runtime/engine/scope.h"

namespace tenter {

struct EngineObject;

struct ScopeObject {
  const std::shared_ptr<EngineObject> engine;
  const ScopePtr scope;
  Atomic<bool> timed = false;  // it has a deadline
};

}  // namespace tenter
