// KeepsNaN: a kernel of oneDNN whose function would make numbers of NaNs, with a pass that puts
// them back.
//
// oneDNN bounds the argument of exp before it takes it, which no NaN survives; and of a softmax
// over an infinity, whose sum is NaN, it answers numbers beside one NaN. A network that hides its
// NaNs hides a defect.
//
// Path: MakeOneDnnEltwise, MakeOneDnnSoftmax -> KeepsNaN -> OneDnnKernel.
//
// Thread safety: as the kernel inside.
// Ownership and lifetime: owns the kernel inside.
// Invariants: all outputs of a line are NaN when one of them or of its inputs is; else they are
//   what the kernel inside computes.
#pragma once

#include <memory>
#include <utility>

#include "runtime/ops/onednn/onednn.h"

namespace tenter {

// float32 as [outer, axis, inner]; a line goes along the axis.
class KeepsNaN final : public Kernel {
 public:
  KeepsNaN(std::unique_ptr<Kernel> kernel, const SoftmaxExtents& lines)
      : kernel_(std::move(kernel)), lines_(lines) {}

  size_t scratch_bytes() const override { return kernel_->scratch_bytes(); }
  std::string_view implementation() const override { return kernel_->implementation(); }
  std::unique_ptr<KernelState> MakeState() const override { return kernel_->MakeState(); }
  void Run(Inputs inputs, Outputs outputs, const RunContext& context) const override;

 private:
  const std::unique_ptr<Kernel> kernel_;
  const SoftmaxExtents lines_;
};

}  // namespace tenter
