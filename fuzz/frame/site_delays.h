// SiteDelays: delays at the sites of a target. A quarter of the hits takes a while, another one
// each time.
//
// Thread safety: any thread, without a lock: what it counts orders nothing.
// Ownership and lifetime: outlives the target instance.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz {

class SiteDelays {
 public:
  // `seed`: of the program; 0: none. `round` numbers the repetitions of one program.
  SiteDelays(uint64_t seed, uint64_t round, uint64_t most_ns)
      : seed_(seed), round_(round), most_ns_(most_ns) {}

  // At each hit of a site. Blocks for `most_ns` at most.
  void Delay() {
    const uint64_t number = hits_.FetchAdd(1, kRelaxed);
    if (seed_ == 0) return;
    const uint64_t hash = CombineHash(CombineHash(seed_, round_), number);
    if (hash % 4 == 0) SleepNs(static_cast<int64_t>(hash / 4 % most_ns_));
  }

  uint64_t hits() const { return hits_.Load(kRelaxed); }

 private:
  const uint64_t seed_, round_, most_ns_;
  Atomic<uint64_t> hits_ = 0;
};

}  // namespace tenter::fuzz
