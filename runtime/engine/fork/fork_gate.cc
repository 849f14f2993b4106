#include "runtime/engine/fork/fork_gate.h"

namespace tenter {

void ForkGate::AwaitOpen() {
  uint32_t state = state_.Load(kSeqCst);
  if (state == kStateChild && state_.CompareExchange(&state, kStateClosed, kSeqCst)) {
    in_child_();
    return;
  }
  if (state == kStateClosed) state_.Wait(kStateClosed, kSeqCst);
}

void ForkGate::Close() {
  state_.Store(kStateClosed, kSeqCst);
  for (Stripe& stripe : stripes_) stripe.inside.FetchOr(kClosed, kSeqCst);
  // Calls are short, and none waits for another thread while it is inside.
  for (Stripe& stripe : stripes_)
    while (stripe.inside.Load(kAcquire) != kClosed) SpinPause();
}

void ForkGate::Open() {
  for (Stripe& stripe : stripes_) stripe.inside.FetchAnd(~kClosed, kSeqCst);
  state_.Store(kStateOpen, kSeqCst);
  state_.NotifyAll();
}

void ForkGate::OpenInChild() { state_.Store(kStateChild, kSeqCst); }

}  // namespace tenter
