// Noise: the probe of a case. Delays at the engine's sites, and the faults that the program names.
//
// Thread safety: Hit from any thread.
// Ownership and lifetime: borrows the program; outlives the engine.
// Invariants: a decision depends on (seed, round, site, op) alone, never on time or on other hits;
//   whether a worker that was idle can come back, also on how many tried before.
// Errors: throws std::bad_alloc at engine.push.allocate where the program says out_of_memory, and
//   answers kInjected at engine.worker.start.
#pragma once

#include <set>

#include "fuzz/engine/program/program.h"
#include "runtime/base/atomic.h"
#include "runtime/base/probe.h"

namespace tenter::fuzz {

class Noise final : public Probe {
 public:
  // `round` numbers the repetitions of one program: each has delays of its own.
  Noise(const Program& program, uint64_t round);
  ProbeOutcome Hit(const Site& site, const ProbeContext& context) override;

 private:
  void Delay(const Site& site, std::string_view op) const;
  bool StartFails(int worker);

  const uint64_t seed_;
  const int failing_worker_;
  const int workers_;
  Atomic<int> starts_ = 0;  // of workers
  std::set<int> out_of_memory_;
};

}  // namespace tenter::fuzz
