// ScopeObject: what the handle of a failure scope stands for; RetiredScopes: those that could not
// be destroyed where their last use ended.
//
// Path: tenter_scope_create -> ScopeObject -> the pushes that name it (ScopeUse) -> ~ScopeObject.
//
// LOCK ORDER: RetiredScopes::mutex_ is a leaf; no scope is destroyed under it.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: a scope keeps its engine. Its destructor waits for its ops, which it must
//   not inside one of them: there, the engine takes the scope over until it is destroyed itself.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/capi/fork_mutex.h"
#include "runtime/engine/scope.h"

namespace tenter {

struct EngineObject;

class RetiredScopes {
 public:
  void Keep(std::unique_ptr<FailureScope> scope) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    scopes_.push_back(std::move(scope));
  }

 private:
  ForkMutex mutex_;
  std::vector<std::unique_ptr<FailureScope>> scopes_ GUARDED_BY(mutex_);
};

struct ScopeObject {
  ScopeObject(std::shared_ptr<EngineObject> on, std::unique_ptr<FailureScope> made)
      : engine(std::move(on)), scope(std::move(made)) {}
  ~ScopeObject();

  const std::shared_ptr<EngineObject> engine;
  std::unique_ptr<FailureScope> scope;
  Atomic<bool> timed = false;  // it has a deadline
};

}  // namespace tenter
