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
  Op(World* its_world, const Line& its_line, uintptr_t its_engine, Answer* its_inside)
      : world(its_world), line(its_line), engine(its_engine), inside(its_inside) {}

  World* const world;
  const Line& line;
  const uintptr_t engine;  // to which it was pushed
  Answer* const inside;    // for what its body calls; null: nothing
  bool accepted = false;
  Atomic<int> ran = 0, released = 0;

  // Nothing when all is right with it.
  std::string Wrong() const;
};

}  // namespace tenter::fuzz::api
