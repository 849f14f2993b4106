// TurnedKernel: a kernel for images with the channels first serves images with the channels last.
//
// It turns the image, runs the kernel inside, and turns the answer back: slow, and right for every
// call of which no kernel with the channels last is made.
//
// Path: MakeKernel, when make_fast refuses a call with Layout::kChannelsLast -> TurnedKernel.
//
// Thread safety: as the kernel inside.
// Ownership and lifetime: owns the kernel inside; both images lie in the caller's scratch memory.
// Errors: as the kernel inside.
#pragma once

#include <memory>
#include <string>

#include "runtime/ops/calls.h"

namespace tenter {

class TurnedKernel final : public Kernel {
 public:
  // `input` and `output` with the channels first, as `kernel` has them.
  TurnedKernel(std::unique_ptr<Kernel> kernel, TensorSpec input, TensorSpec output);

  size_t scratch_bytes() const override;
  std::string_view implementation() const override { return implementation_; }
  std::unique_ptr<KernelState> MakeState() const override { return kernel_->MakeState(); }
  bool Reads(size_t input) const override { return kernel_->Reads(input); }
  void Run(Inputs inputs, Outputs outputs, const RunContext& context) const override;

 private:
  const std::unique_ptr<Kernel> kernel_;
  const std::string implementation_;  // "turned " and that of the kernel inside
  const TensorSpec input_;
  const TensorSpec output_;
};

}  // namespace tenter
