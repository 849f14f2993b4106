// Tally: what one thread has ended, counted without meeting other threads.
//
// Thread safety: one writer each, except a `shared` one, which any thread may count on; read from
//   anywhere.
// Ownership and lifetime: owned by the engine, one per worker and one for everybody else.
// Invariants: counters only grow. `ended` is counted last, when all effects of the op are visible.
#pragma once

#include <array>
#include <cstdint>

#include "runtime/base/atomic.h"

namespace tenter {

struct alignas(64) Tally {
  Atomic<uint64_t> ran = 0;  // ended after their body was started, failed ones included
  Atomic<uint64_t> failed = 0;
  Atomic<uint64_t> skipped = 0;
  Atomic<uint64_t> cancelled = 0;
  std::array<Atomic<uint64_t>, 2> ended = {};  // by the epoch of the push; releases the effects
  bool shared = false;                         // several writers

  void Count(Atomic<uint64_t>* counter, uint64_t n, std::memory_order order) const {
    if (shared)
      counter->FetchAdd(n, kSeqCst);
    else
      counter->Store(counter->Load(kRelaxed) + n, order);
  }
};

}  // namespace tenter
