// ForkGate: who is inside the engine, so that a fork can wait until nobody is.
//
//   every call of the engine: Enter ... Leave          fork: Close -> (fork) -> Open
//
// A thread counts itself in on a stripe of its own, so that pushers do not meet here. A call that
// blocks (a wait) leaves before it sleeps. Calls nest: a body that pushes is on a worker, and workers
// are stopped by the engine itself.
//
// Thread safety: Enter and Leave from any thread; Close and Open by the thread that forks.
// Ownership and lifetime: owned by the engine.
// Invariants: between Close and Open nobody is inside, and whoever enters waits.
// Errors: none.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <utility>

#include "runtime/base/atomic.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

namespace tenter {

class ForkGate {
 public:
  explicit ForkGate(std::function<void()> in_child) : in_child_(std::move(in_child)) {}

  // Blocks while the gate is closed.
  void Enter() {
    Stripe& stripe = Mine();
    stripe.inside.FetchAdd(1, kSeqCst);
    if (closed_.Load(kSeqCst) != kOpen) [[unlikely]]
      EnterLater(stripe);
  }
  void Leave() { Mine().inside.FetchSub(1, kRelease); }

  // Blocks until everybody has left.
  void Close();
  void Open();

  // In the child of a fork: the first who enters calls `in_child` and opens.
  void OpenInChild() { closed_.Store(kChild, kSeqCst); }

 private:
  static constexpr uint32_t kOpen = 0, kClosed = 1, kChild = 2;
  struct alignas(64) Stripe {
    Atomic<int64_t> inside = 0;
  };
  Stripe& Mine() { return stripes_[Mix64(CurrentThreadKey()) % stripes_.size()]; }
  void EnterLater(Stripe& stripe);

  const std::function<void()> in_child_;
  std::array<Stripe, 16> stripes_;
  Atomic<uint32_t> closed_ = kOpen;
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
