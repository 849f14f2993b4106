// Op: what is handed to Engine::Push.
//
// Path: Op -> Engine::Push -> (its vars are granted) -> body on a worker -> dependents.
//
// Thread safety: built by one thread and moved into Push.
// Ownership and lifetime: `name`, `reads` and `writes` are borrowed for the call of Push, which
//   copies them; the engine owns the body until the op has ended. The body of an op that runs to
//   its end on the worker is destroyed before the op counts as ended.
// Invariants: a push allocates nothing once the engine is warm, when the body's captures fit
//   OpBody::kInlineBytes.
// Errors: a body fails by throwing anything, or by Completion::Fail.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/engine/op_body.h"
#include "runtime/engine/var_list.h"

namespace tenter {

class FailureScope;

struct Op {
  std::string_view name;
  VarList reads = {};
  VarList writes = {};
  int priority = 0;  // larger runs sooner among ready ops; never overrides a dependency (ENG-10)

  // The op fails with kDeadlineExceeded when this many nanoseconds have passed since its push and
  // its body has not started, or has started and not completed (async ops: a body that runs on the
  // worker is never interrupted). 0: no deadline.
  int64_t timeout_ns = 0;

  // Who hears of the failure of the op, and may cancel it: null for the engine. Borrowed until the
  // op has ended. Not looked at in a recording: a replay has one for all of its ops.
  FailureScope* scope = nullptr;

  OpBody body = nullptr;
};

}  // namespace tenter
