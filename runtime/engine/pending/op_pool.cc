#include "runtime/engine/pending/op_pool.h"

#include "runtime/base/check.h"
#include "runtime/base/thread.h"
#include "runtime/engine/pending/block_poison.h"

namespace tenter {

OpPool::~OpPool() {
  for (const Slab* slab = slabs_.Load(kAcquire); slab != nullptr;) {
    const Slab* older = slab->older;
    for (const PendingOp& op : slab->ops) UnpoisonBlock(op);
    delete slab;
    slab = older;
  }
}

PendingOp* OpPool::Take() {
  const auto home = static_cast<uint8_t>(StripeOfThisThread<kStripes>());
  Stripe& stripe = stripes_[home];
  Runnable* block;
  {
    SmallMutexLock lock(stripe.mutex);
    if (stripe.free == nullptr && stripe.returned.Load(kRelaxed) != nullptr)
      stripe.free = stripe.returned.Exchange(nullptr, kAcquire);
    if (stripe.free == nullptr) stripe.free = AddSlab(home);
    block = stripe.free;
    stripe.free = block->next_ready.Load(kRelaxed);
    // Another thread wrote it last: fetch it now, for the next push.
    if (stripe.free != nullptr) static_cast<PendingOp*>(stripe.free)->Prefetch();
  }
  auto* op = static_cast<PendingOp*>(block);
  UnpoisonBlock(*op);
  return op;
}

void OpPool::Give(PendingOp* op) {
  op->phase.Store(PendingOp::Phase::kFree, kRelaxed);
  Stripe& stripe = stripes_[op->home];
  PoisonBlock(*op);
  Runnable* head = stripe.returned.Load(kRelaxed);
  do {
    op->next_ready.Store(head, kRelaxed);
  } while (!stripe.returned.CompareExchange(&head, op, kRelease));
}

Runnable* OpPool::AddSlab(uint8_t home) {
  auto* slab = new Slab;
  Runnable* first = nullptr;
  for (PendingOp& op : slab->ops) {
    op.home = home;
    op.next_ready.Store(first, kRelaxed);
    first = &op;
    PoisonBlock(op);
  }
  Slab* newest = slabs_.Load(kRelaxed);
  do {
    slab->older = newest;
  } while (!slabs_.CompareExchange(&newest, slab, kRelease));
  return first;
}

}  // namespace tenter
