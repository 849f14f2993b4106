// Op: an op that a program hands to the C API, and what became of it.
//
// Thread safety: counts are atomic; `accepted` belongs to the thread that pushes; the rest is set
//   before the push.
// Ownership and lifetime: owned by the World, also after its contexts are gone.
// Invariants: a C op is released exactly once. Its body runs once when its push succeeded, and
//   never when that failed; once at most when a scope may cancel it or a bulk holds it, and with
//   each replay when it was recorded.
#pragma once

#include <string>

#include "fuzz/api/run/history.h"
#include "runtime/base/atomic.h"

namespace tenter::fuzz::api {

class World;

struct Op {
  Op(World* its_world, const Answer* its_call, Answer* its_inside)
      : world(its_world),
        call(its_call),
        line(*its_call->line),
        engine(its_call->given[0]),
        inside(its_inside) {}

  World* const world;
  const Answer* const call;  // that hands it over
  const Line& line;
  const uintptr_t engine;  // to which it is pushed
  Answer* const inside;    // for what its body calls; null: nothing
  bool accepted = false;
  Atomic<int> ran = 0, released = 0;
  // What its body was told of a cancel, and when.
  Atomic<tenter_code> heard = TENTER_OK;
  Atomic<uint64_t> heard_at = 0;
  Atomic<bool> unheard = false;  // it was told of none, although one was due

  // Nothing when all is right with it.
  std::string Wrong() const;
};

}  // namespace tenter::fuzz::api
