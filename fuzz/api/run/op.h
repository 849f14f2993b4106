// Op: an op, or a deleter, that a program hands to the C API, and what became of it.
//
// Thread safety: counts are atomic; `accepted` belongs to the thread that pushes; the rest is set
//   before the push.
// Ownership and lifetime: owned by the World, also after its contexts are gone.
// Invariants: a C op is released exactly once. Its body runs once when its push succeeded, and
//   never when that failed; once at most when a scope may cancel it or a bulk holds it, and with
//   each replay when it was recorded.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "fuzz/api/run/history.h"
#include "runtime/base/atomic.h"

namespace tenter::fuzz::api {

class World;

inline constexpr size_t kMostNumbers = 16;  // of runs whose numbers are kept

struct Op {
  Op(World* its_world, const Answer* its_call, Answer* its_inside, int its_nth)
      : world(its_world),
        call(its_call),
        line(*its_call->line),
        engine(its_call->given[0]),
        inside(its_inside),
        nth(its_nth) {}

  World* const world;
  const Answer* const call;  // that hands it over
  const Line& line;
  const uintptr_t engine;  // to which it is pushed
  Answer* const inside;    // for what its body calls; null: nothing
  const int nth;           // of those that the call makes
  bool accepted = false;
  Atomic<int> ran = 0, released = 0;
  std::array<Atomic<uint64_t>, kMostNumbers> numbers = {};
  // What its body was told of a cancel, and when.
  Atomic<tenter_code> heard = TENTER_OK;
  Atomic<uint64_t> heard_at = 0;
  Atomic<bool> unheard = false;  // it was told of none, although one was due
  // Of a kWoken: how often its callback was called, whether that was taken back, and the calls
  // after that.
  Atomic<int> wakes = 0, wakes_late = 0;
  Atomic<bool> callback_gone = false;
  Atomic<bool> not_registered = false;

  // At the begin of its body.
  void Begin(const tenter_op_context& context);
  std::vector<uint64_t> Numbers() const;  // REQUIRES: no body runs
  // Nothing when all is right with it. `cancelled`: its engine was stopped with cancel.
  std::string Wrong(bool cancelled) const;
  // The same of its callback.
  std::string WrongWake() const;
};

}  // namespace tenter::fuzz::api
