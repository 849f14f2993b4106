// VarState: all that an engine knows about one var, in one cache line.
//
// Thread safety: `mutex` guards the fields that say so. `poison` is guarded by the grants of the
//   queue: an op that holds the var may read it, the end of a writer changes it under `mutex`
//   before the next access is granted, and whoever holds `mutex` may read it.
// Ownership and lifetime: lives in the VarTable of its engine, and is reused: `generation` tells
//   the users of one slot apart.
// Invariants: 64 bytes (asserted), which is what an idle var costs.
#pragma once

#include "runtime/base/small_mutex.h"
#include "runtime/engine/failure/failure.h"
#include "runtime/engine/var/var_queue.h"

namespace tenter {

struct alignas(64) VarState {
  SmallMutex mutex;
  uint32_t generation GUARDED_BY(mutex) = 0;
  VarQueue queue GUARDED_BY(mutex);
  bool live GUARDED_BY(mutex) = false;
  bool deleting GUARDED_BY(mutex) = false;  // a deletion was pushed: the handle is stale (ENG-8)
  uint32_t next_free = 0;                   // of the VarTable
  PoisonPtr poison;

  // True for the handle of a var that may still be used.
  bool Usable(Var var) const REQUIRES(mutex) {
    return live && !deleting && generation == var.generation;
  }
};
static_assert(sizeof(VarState) == 64);

}  // namespace tenter
