// ScopeUse: the failure scope that an op or a replay names, in use until the push has returned.
//
// Path: tenter_push, tenter_bulk_push, tenter_replay -> Enter -> Op::scope. After the push the op
// itself keeps the scope.
//
// Thread safety: belongs to one call.
// Errors: Enter answers kStaleHandle, and kInvalidArgument for a scope of another engine.
#pragma once

#include <optional>

#include "runtime/capi/context/context.h"

namespace tenter {

class ScopeUse {
 public:
  // Writes the scope to `found`, which is null for a null handle. REQUIRES: called once.
  Status Enter(tenter_context* context, tenter_scope scope, const EngineObject& on,
               FailureScope** found) {
    if (scope == nullptr) [[likely]]
      return {};
    return EnterNamed(context, scope, on, found);
  }

 private:
  Status EnterNamed(tenter_context* context, tenter_scope scope, const EngineObject& on,
                    FailureScope** found);

  std::optional<Pin<ScopeObject>> pin_;
};

}  // namespace tenter
