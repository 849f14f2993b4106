// The ops of C callers as the engine takes them.
//
// Path: tenter_push, tenter_recording_push -> OpOf -> Engine::Push, Recording::Push.
//
// Thread safety: as Op.
// Ownership and lifetime: the op borrows name and vars of `op`; its body owns `arg` and calls
//   `release` when it is destroyed.
// Invariants: `release` is called exactly once, also when OpOf refuses; but for an op whose `struct_size`
//   is no size, of which nothing is known.
// Errors: kInvalidArgument.
#pragma once

#include "runtime/base/status.h"
#include "runtime/capi/tenter.h"
#include "runtime/engine/op.h"

namespace tenter {

Result<Op> OpOf(const tenter_op& op);

}  // namespace tenter
