// InvokeSaboteur: what spoils invocations: before them, behind a right one, or behind one that
// failed. It knows how many are in flight.
//
// Thread safety: Invoke from any thread; the others are called under the lock, one at a time.
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
      if (const tgt_code refused = Enter(error); refused != TGT_OK) {
        --in_flight_;
        return refused;
      }
    }
    tgt_code code = WrappedTarget::Invoke(op, inputs, input_count, outputs, output_count, error);
    MutexLock lock(mutex_);
    if (code == TGT_OK)
      Spoil({op, {inputs, input_count}, {outputs, output_count}});
    else
      code = SpoilFailure(code, error);
    --in_flight_;
    return code;
  }

 protected:
  // Before an invocation, which is counted already. May wait, and may refuse it with `error`.
  virtual tgt_code Enter(tgt_error* /*error*/) REQUIRES(mutex_) { return TGT_OK; }
  // Gets every invocation that was right. One that leaves calls alone which are not in flight with
  // another asks Together().
  virtual void Spoil(const Invocation& /*call*/) REQUIRES(mutex_) {}
  // Gets every one that failed, and returns how it ends.
  virtual tgt_code SpoilFailure(tgt_code code, tgt_error* /*error*/) REQUIRES(mutex_) {
    return code;
  }

  int in_flight() const REQUIRES(mutex_) { return in_flight_; }
  bool Together() const REQUIRES(mutex_) { return in_flight_ > 1; }

  Mutex mutex_;

 private:
  int in_flight_ GUARDED_BY(mutex_) = 0;
};

}  // namespace tenter
