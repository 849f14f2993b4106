// Hold: holds each request back where its first node begins, until it is let go.
//
// Path: Sites::Hit -> Hold::Pass; Arrivals holds, and lets go one request after the other.
//
// Thread safety: any thread. Whoever is held looks again and again, without a lock.
// Invariants: of a request whose number the target tells, one thread is held; requests are let go
//   in the order in which they came here.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz::model {

class Hold {
 public:
  // REQUIRES: no request is under way.
  void Begin() {
    last_.Store(-1, kRelaxed);
    came_.Store(0, kRelaxed);
    for (Atomic<int64_t>& number : numbers_) number.Store(-1, kRelaxed);
    let_go_.Store(0, kRelaxed);
    on_.Store(true, kRelaxed);
  }
  void End() { on_.Store(false, kRelaxed); }
  bool on() const { return on_.Load(kRelaxed); }

  // How many requests came here so far.
  uint64_t came() const { return came_.Load(kRelaxed); }
  void LetNextGo() { let_go_.FetchAdd(1, kRelaxed); }
  // All that came and are still to come.
  void LetAllGo() { let_go_.Store(UINT64_MAX, kRelaxed); }
  // The numbers of the requests that came, in their order; of the first ones.
  std::vector<int64_t> numbers() const {
    std::vector<int64_t> numbers(std::min<uint64_t>(came(), kMostNoted));
    for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = numbers_[i].Load(kRelaxed);
    return numbers;
  }

  // Blocks until the request may go on, or End. `request`: its number, or -1 when it is not told.
  void Pass(int64_t request) {
    if (request < 0 || last_.Exchange(request, kRelaxed) == request) return;
    if (HasCome(request)) return;  // it runs as one with others, which come here by turns
    const uint64_t ticket = came_.FetchAdd(1, kRelaxed);
    if (ticket < kMostNoted) numbers_[ticket].Store(request, kRelaxed);
    while (on() && let_go_.Load(kRelaxed) <= ticket) SleepNs(kLookEveryNs);
  }

 private:
  bool HasCome(int64_t request) const {
    for (size_t i = 0; i < std::min<uint64_t>(came(), kMostNoted); ++i)
      if (numbers_[i].Load(kRelaxed) == request) return true;
    return false;
  }

  static constexpr int64_t kLookEveryNs = 20'000;
  static constexpr size_t kMostNoted = 16;
  Atomic<bool> on_ = false;
  Atomic<int64_t> last_ = -1;
  Atomic<uint64_t> came_ = 0, let_go_ = 0;
  std::array<Atomic<int64_t>, kMostNoted> numbers_ = {};
};

}  // namespace tenter::fuzz::model
