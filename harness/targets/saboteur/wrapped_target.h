// WrappedTarget: a target that forwards every function to another one, with some of them open to
// change.
//
// Thread safety: as the wrapped target; what a subclass keeps, it guards itself.
// Ownership and lifetime: owns the wrapped instance. Wrap hands the object to a TargetInstance,
//   whose close deletes it.
// Invariants: (1) name, version, groups and promises are those of the wrapped target. (2) a
//   function that the wrapped target does not have is null here too.
// Errors: those of the wrapped target.
#pragma once

#include <memory>

#include "harness/target/target_library.h"

namespace tenter {

class WrappedTarget {
 public:
  explicit WrappedTarget(std::unique_ptr<TargetInstance> inner);
  virtual ~WrappedTarget() = default;
  WrappedTarget(const WrappedTarget&) = delete;
  WrappedTarget& operator=(const WrappedTarget&) = delete;

  static std::unique_ptr<TargetInstance> Wrap(std::unique_ptr<WrappedTarget> target);

  const TargetInstance& inner() const { return *inner_; }

  virtual tgt_code Invoke(tgt_handle op, const tgt_tensor* inputs, size_t input_count,
                          tgt_tensor* outputs, size_t output_count, tgt_error* error);
  virtual tgt_code WaitForVar(tgt_handle engine, tgt_var var, tgt_failure* failure,
                              tgt_error* error);
  virtual tgt_code ModelLoad(const char* path, tgt_handle* model, tgt_error* error);
  virtual tgt_code Footprint(tgt_handle op, tgt_footprint* footprint, tgt_error* error);
  virtual tgt_code IteratorNext(tgt_handle iterator, tgt_batch* batch, tgt_error* error);
  virtual void TensorRelease(tgt_tensor* tensor);

 private:
  const std::unique_ptr<TargetInstance> inner_;
  const tgt_target table_;
};

}  // namespace tenter
