// SoakCaller: what one thread of a soak does between its start and its end: a few dozen calls of
// whatever models there are, each as a seed draws it; now and then it renews a model.
//
// Path: SoakSeats -> SoakCaller::Live -> SoakRequests, SoakModels.
//
// Thread safety: one per thread.
// Ownership and lifetime: lives as long as its thread; its requests may live longer.
// Invariants: what is drawn depends on the seed, the round, the seat's thread and the number of the
//   call alone.
// Errors: what is wrong is a finding.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "harness/workloads/soak/soak_clock.h"
#include "harness/workloads/soak/soak_models.h"
#include "harness/workloads/soak/soak_requests.h"
#include "harness/workloads/workload.h"
#include "runtime/base/rng.h"

namespace tenter {

class SoakCaller {
 public:
  SoakCaller(const Stage& stage, SoakModels* models, SoakRequests* requests, SoakClock* clock,
             uint64_t seed);

  void Live();

 private:
  void OneCall();
  SoakCall Draw(const ModelInputs& inputs);
  static SoakCall WaitedFor(SoakCall call);
  bool Chance(int64_t percent) { return static_cast<int64_t>(rng_.Below(100)) < percent; }
  void CancelOldest();

  const Parameters& parameters_;
  SoakModels& models_;
  SoakRequests& requests_;
  SoakClock& clock_;
  Rng rng_;
  std::vector<std::pair<SoakModels::Lent, uint64_t>> to_cancel_;  // requests, the oldest first
};

}  // namespace tenter
