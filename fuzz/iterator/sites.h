// Sites: what happens where the target says that it is: faults, delays, and how far ahead it is.
//
// Path: target -> tgt_host.hit -> Sites::Hit.
//
// Thread safety: Hit from any thread, without a lock: what it counts orders nothing.
// Ownership and lifetime: borrows the program; outlives the target instance.
#pragma once

#include <array>
#include <string_view>

#include "fuzz/frame/site_delays.h"
#include "fuzz/iterator/history.h"
#include "runtime/base/atomic.h"

namespace tenter::fuzz::iterator {

class Sites {
 public:
  static constexpr size_t kMostFaults = 8;

  Sites(const Program& program, uint64_t round);

  tgt_host host();
  void Hit(const tgt_hit& hit, tgt_fault* fault);

  // By a consumer, before it asks for a batch.
  void Asks() { asked_.FetchAdd(1, kRelaxed); }

  bool were_hit() const { return delays_.hits() > 0; }
  int64_t most_ahead() const { return most_ahead_.Load(kRelaxed); }

 private:
  void SeeAhead(int64_t batch);

  const Program& program_;
  SiteDelays delays_;
  Atomic<int64_t> asked_ = 0, most_ahead_ = 0;
  std::array<Atomic<bool>, kMostFaults> struck_ = {};
};

}  // namespace tenter::fuzz::iterator
