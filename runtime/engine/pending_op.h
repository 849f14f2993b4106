// PendingOp: an op between its push and its end, as the threaded engine keeps it.
//
//   waiting --(last access granted)--> ready --(a worker takes it)--> running --> ended
//                                        \--(poisoned input, or cancelled)-------/
//
// Thread safety: the fields under "constant" never change after the push; the rest is guarded by
//   the engine's lock, except `op`, which belongs to the worker while the op runs.
// Ownership and lifetime: owned by the engine from push until it has ended, its body has returned
//   and its completion handle is gone: a body may throw while another thread still holds the
//   handle.
// Invariants: (1) `waiting_for` is the number of accesses not granted; the op is ready at zero.
//   (2) it is in the ready queue exactly when state is kReady.
// Errors: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/engine/op.h"
#include "runtime/engine/var_queue.h"

namespace tenter {

class PendingOp {
 public:
  enum class State : uint8_t { kWaiting, kReady, kRunning, kEnded };

  // Constant after the push.
  Op op;
  uint64_t push_number = 0;
  std::vector<QueuedAccess> accesses;
  bool deletes_var = false;  // the op that DeleteVar pushes: one write access, never cancelled

  // Guarded by the engine's lock.
  State state = State::kWaiting;
  uint32_t waiting_for = 0;
  bool body_active = false;     // its body is on some worker's stack
  bool handle_alive = false;    // its Completion exists somewhere
  bool handle_dropped = false;  // its Completion was destroyed uncalled while the body was active

  // Place in the pending list of the engine, and in the ready queue (ReadyQueue only).
  PendingOp* older = nullptr;
  PendingOp* newer = nullptr;
  PendingOp* ready_older = nullptr;
  PendingOp* ready_newer = nullptr;
  size_t ready_index = 0;
  uint32_t overtaken = 0;
};

}  // namespace tenter
