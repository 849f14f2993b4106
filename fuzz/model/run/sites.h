// Sites: what happens where the target says that it is: faults and delays.
//
// Path: target -> tgt_host.hit -> Sites::Hit.
//
// Thread safety: Hit from any thread, without a lock: what it counts orders nothing. strikes() when
//   no call is running.
// Ownership and lifetime: borrows the program; outlives the target instance.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "fuzz/frame/site_delays.h"
#include "fuzz/model/run/history.h"
#include "fuzz/model/run/hold.h"
#include "runtime/base/atomic.h"

namespace tenter::fuzz::model {

class Sites {
 public:
  static constexpr size_t kMostFaults = 8, kMostStrikes = 512, kNoFault = SIZE_MAX;

  Sites(const Program& program, uint64_t round);

  tgt_host host();
  void Hit(const tgt_hit& hit, tgt_fault* fault);
  // From now on nothing strikes, and nothing is delayed.
  void Disarm() { armed_.Store(false, kRelaxed); }
  std::vector<Strike> strikes() const;
  // From now on this fault strikes at each hit, and no other; no strike is noted. REQUIRES:
  // disarmed.
  void StrikeAlways(size_t fault) { always_.Store(fault, kRelaxed); }
  // While it holds requests nothing strikes, and nothing is delayed.
  Hold& hold() { return hold_; }

 private:
  void Fire(size_t number, int64_t request, tgt_fault* fault);

  const Program& program_;
  SiteDelays delays_;
  Hold hold_;
  Atomic<bool> armed_ = true;
  Atomic<size_t> always_ = kNoFault;
  std::array<Atomic<int64_t>, kMostFaults> matched_ = {};
  Atomic<size_t> struck_ = 0;
  std::array<Atomic<size_t>, kMostStrikes> fault_of_ = {};
  std::array<Atomic<int64_t>, kMostStrikes> request_of_ = {};
};

}  // namespace tenter::fuzz::model
