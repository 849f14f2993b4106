#include "runtime/engine/fork_gate.h"

namespace tenter {

void ForkGate::EnterLater(Stripe& stripe) {
  while (closed_.Load(kSeqCst) != kOpen) {
    stripe.inside.FetchSub(1, kSeqCst);
    uint32_t child = kChild;
    if (closed_.CompareExchange(&child, kClosed, kSeqCst)) {
      in_child_();
      Open();
    }
    closed_.Wait(kClosed, kSeqCst);
    stripe.inside.FetchAdd(1, kSeqCst);
  }
}

void ForkGate::Close() {
  closed_.Store(kClosed, kSeqCst);
  // Calls are short, and none waits for another thread while it is inside.
  for (Stripe& stripe : stripes_)
    while (stripe.inside.Load(kSeqCst) != 0) SpinPause();
}

void ForkGate::Open() {
  closed_.Store(kOpen, kSeqCst);
  closed_.NotifyAll();
}

}  // namespace tenter
