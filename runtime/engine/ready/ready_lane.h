// ReadyLane: the queue of what may run now, first come, first served: many producers, one consumer
// at a time.
//
// The algorithm is that of Vyukov, "Intrusive MPSC node-based queue" (1024cores.net): a push is one
// exchange and one store, and never waits for anybody.
//
// Thread safety: Push and MaybeMore from any thread; Pop by whoever holds the consumer's lock.
// Ownership and lifetime: borrows the items; each is in one lane at most.
// Invariants: (1) first pushed, first popped. (2) Push allocates nothing. (3) Pop may answer null
//   while a push is half done; that push is followed by a look at who sleeps (Parking).
#pragma once

#include "runtime/engine/pending/pending_op.h"

namespace tenter {

class ReadyLane {
 public:
  void Push(Runnable* item) {
    item->next_ready.Store(nullptr, kRelaxed);
    Runnable* const before = newest_.Exchange(item, kSeqCst);
    // Sequentially consistent, like the look at the sleepers that follows.
    before->next_ready.Store(item, kSeqCst);
  }

  // The oldest item, or null. REQUIRES: no other Pop runs.
  Runnable* Pop() {
    Runnable* oldest = oldest_.Load(kRelaxed);
    Runnable* next = oldest->next_ready.Load(kSeqCst);
    if (oldest == &stub_) {
      if (next == nullptr) return nullptr;
      oldest = next;
      oldest_.Store(oldest, kRelaxed);
      next = oldest->next_ready.Load(kAcquire);
    }
    if (next != nullptr) {
      oldest_.Store(next, kRelaxed);
      return oldest;
    }
    if (newest_.Load(kAcquire) != oldest) return nullptr;  // a push is half done
    Push(&stub_);
    next = oldest->next_ready.Load(kAcquire);
    if (next == nullptr) return nullptr;
    oldest_.Store(next, kRelaxed);
    return oldest;
  }

  // False only when the lane was empty at some moment of the call.
  bool MaybeMore() const {
    return newest_.Load(kSeqCst) != &stub_ || oldest_.Load(kRelaxed) != &stub_;
  }

 private:
  Runnable stub_;
  alignas(64) Atomic<Runnable*> newest_ = &stub_;  // producers
  alignas(64) Atomic<Runnable*> oldest_ = &stub_;  // the consumer
};

}  // namespace tenter
