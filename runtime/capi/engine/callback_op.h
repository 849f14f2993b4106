// The ops of C callers as the engine takes them.
//
// Path: tenter_push, tenter_recording_push -> MakeOp -> Engine::Push, Recording::Push.
//
// Thread safety: as Op.
// Ownership and lifetime: the op borrows name and vars of `op`; its body owns `arg` and calls
//   `release` when it is destroyed.
// Invariants: `release` is called exactly once, also when it is refused; but for an op whose
//   `struct_size` is no size, of which nothing is known.
// Errors: kInvalidArgument.
#pragma once

#include "runtime/base/status.h"
#include "runtime/capi/context/sized.h"
#include "runtime/capi/tenter/tenter.h"
#include "runtime/engine/op.h"

namespace tenter {

// Whether `op` is as large as it is here, and asks for nothing that no engine does: as most are,
// and then it is not copied before it is read.
inline bool IsPlain(const tenter_op& op) {
  return IsWhole(op) && (op.run == nullptr) != (op.run_async == nullptr) && op.timeout_ns >= 0;
}
// REQUIRES: no field is missing.
Op MakeWhole(const tenter_op& op);

// The op that `op` describes, but for its scope, and whether it may be pushed at all. Not a Result,
// from which it would have to be moved. REQUIRES: `status` is ok.
Op MakeOp(const tenter_op& op, Status* status);

// The scope that `op` names, if it is long enough to name one; null for none.
tenter_scope ScopeOfShort(const tenter_op& op);
inline tenter_scope ScopeOf(const tenter_op& op) {
  return IsWhole(op) ? op.scope : ScopeOfShort(op);
}

}  // namespace tenter
