// ForkGate: who is inside the engine, so that a fork can wait until nobody is.
//
//   every call of the engine: Enter ... Leave          fork: Close -> (fork) -> Open
//
// but for PushCounted, whose callers the fork awaits elsewhere.
//
// A thread counts itself in on a stripe of its own, so that pushers do not meet here. A call that
// blocks (a wait) leaves before it sleeps. Calls nest, since the destructor of what a body captured
// may call the engine: whoever finds somebody inside on his stripe may follow, because then Close
// has not passed that stripe.
//
// Thread safety: Enter and Leave from any thread; Close and Open by the thread that forks.
// Ownership and lifetime: owned by the engine.
// Invariants: (1) a closed stripe that was seen empty stays empty until Open. (2) between Close and
//   Open nobody is inside, and whoever enters waits.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <utility>

#include "runtime/base/atomic.h"
#include "runtime/base/thread.h"

namespace tenter {

class ForkGate {
 public:
  // `in_child` is called by the first who enters in the child of a fork, and opens the gate.
  explicit ForkGate(std::function<void()> in_child) : in_child_(std::move(in_child)) {}

  // Blocks while the gate is closed.
  void Enter() {
    Atomic<uint64_t>& inside = Mine().inside;
    uint64_t seen = inside.Load(kRelaxed);
    while (true) {
      if (seen == kClosed) [[unlikely]] {
        AwaitOpen();
        seen = inside.Load(kRelaxed);
      } else if (inside.CompareExchange(&seen, seen + 1, kSeqCst)) {
        return;
      }
    }
  }
  void Leave() { Mine().inside.FetchSub(1, kRelease); }

  // Blocks until everybody has left.
  void Close();
  void Open();
  void OpenInChild();

 private:
  static constexpr uint64_t kClosed = 1ull << 63;  // and the number of those inside
  enum State : uint32_t { kStateOpen, kStateClosed, kStateChild };
  static constexpr size_t kStripes = 16;
  struct alignas(64) Stripe {
    Atomic<uint64_t> inside = 0;
  };
  Stripe& Mine() { return stripes_[StripeOfThisThread<kStripes>()]; }
  void AwaitOpen();

  const std::function<void()> in_child_;
  std::array<Stripe, kStripes> stripes_;
  Atomic<uint32_t> state_ = kStateOpen;
};

// Inside the engine for one scope.
class ForkGateLock {
 public:
  explicit ForkGateLock(ForkGate& gate) : gate_(gate) { gate_.Enter(); }
  ~ForkGateLock() { gate_.Leave(); }
  ForkGateLock(const ForkGateLock&) = delete;
  ForkGateLock& operator=(const ForkGateLock&) = delete;

 private:
  ForkGate& gate_;
};

}  // namespace tenter
