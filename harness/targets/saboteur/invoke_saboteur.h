// InvokeSaboteur: what spoils invocations that were right, and knows how many are in flight.
//
// Thread safety: Invoke from any thread; Spoil is called under the lock, one at a time.
// Ownership and lifetime: as WrappedTarget.
// Invariants: the lock is a leaf; it is not held while the wrapped target works.
#pragma once

#include <span>

#include "harness/targets/saboteur/wrapped_target.h"
#include "runtime/base/mutex.h"

namespace tenter {

// One invocation that was right.
struct Invocation {
  tgt_handle op;
  std::span<const tgt_tensor> inputs;
  std::span<tgt_tensor> outputs;
};

class InvokeSaboteur : public WrappedTarget {
 public:
  using WrappedTarget::WrappedTarget;

  tgt_code Invoke(tgt_handle op, const tgt_tensor* inputs, size_t input_count, tgt_tensor* outputs,
                  size_t output_count, tgt_error* error) final EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      ++in_flight_;
    }
    const tgt_code code =
        WrappedTarget::Invoke(op, inputs, input_count, outputs, output_count, error);
    MutexLock lock(mutex_);
    if (code == TGT_OK) Spoil({op, {inputs, input_count}, {outputs, output_count}});
    --in_flight_;
    return code;
  }

 protected:
  // Gets every invocation that was right. One that leaves calls alone which are not in flight with
  // another asks Together().
  virtual void Spoil(const Invocation& call) REQUIRES(mutex_) = 0;
  bool Together() const REQUIRES(mutex_) { return in_flight_ > 1; }

  Mutex mutex_;

 private:
  int in_flight_ GUARDED_BY(mutex_) = 0;
};

}  // namespace tenter
