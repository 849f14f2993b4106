// OpPool: the blocks of pending ops, reused, so that a push allocates nothing once warm.
//
//   pusher --Take--> its stripe: a list of free blocks
//                    empty? the blocks that came back, all at once
//                    none?  a slab of 64 new ones
//   worker --Give--> the home of the block: a list that any thread may put blocks on
//
// A stripe belongs to the threads whose id hashes to it, so that pushers do not meet.
//
// Thread safety: every method may be called from any thread.
// Ownership and lifetime: owns the blocks; they keep their addresses until the pool dies, so that
//   a watchdog may look at them at any moment (ForEach).
// Invariants: (1) a block is in one place at a time. (2) blocks are never given back to the system:
//   the pool is as large as the engine was busy at its busiest.
// Errors: Take throws std::bad_alloc.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "runtime/base/small_mutex.h"
#include "runtime/engine/pending/pending_op.h"

namespace tenter {

class OpPool {
 public:
  OpPool() = default;
  ~OpPool();
  OpPool(const OpPool&) = delete;
  OpPool& operator=(const OpPool&) = delete;

  // A free block for the calling thread.
  PendingOp* Take();

  // Makes the block free. REQUIRES: its body is empty, nobody uses it.
  void Give(PendingOp* op);

  // Whether `op` is a block of this pool, which stays readable: an op of a program is none.
  // Signal-safe.
  bool Owns(const PendingOp* op) const {
    for (const Slab* slab = slabs_.Load(kAcquire); slab != nullptr; slab = slab->older)
      if (op >= slab->ops.data() && op < slab->ops.data() + slab->ops.size()) return true;
    return false;
  }

  // Calls visit(op) for every block, free or not. Signal-safe if `visit` is.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const Slab* slab = slabs_.Load(kAcquire); slab != nullptr; slab = slab->older)
      for (const PendingOp& op : slab->ops) visit(op);
  }

 private:
  static constexpr size_t kSlabOps = 64;
  static constexpr size_t kStripes = 16;
  struct Slab {
    std::array<PendingOp, kSlabOps> ops;
    Slab* older = nullptr;
  };
  struct alignas(64) Stripe {
    SmallMutex mutex;
    Runnable* free GUARDED_BY(mutex) = nullptr;
    alignas(64) Atomic<Runnable*> returned = nullptr;  // release on Give, acquire on Take
  };
  Runnable* AddSlab(uint8_t home);

  std::array<Stripe, kStripes> stripes_;
  Atomic<Slab*> slabs_ = nullptr;  // release when one is added, acquire in ForEach
};

}  // namespace tenter
