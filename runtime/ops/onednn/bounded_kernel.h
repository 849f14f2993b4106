// BoundedKernel: a kernel that makes numbers of NaNs, or NaNs of numbers, runs only where there can
// be none.
//
// A Relu, a Clip or a HardSigmoid as a post-op answers a number to a NaN. A network that hides its
// NaNs hides a defect; but of finite inputs that are not huge no NaN comes. A Winograd convolution
// spreads what is not finite over the tiles around it (winograd.h). So each run looks at
// what it reads, and takes the reference kernels in turn when there is a NaN, an infinity or a
// number that might overflow: slow, and exact. The look costs a hundredth of a large convolution,
// and up to a quarter of one that does little with each number, such as one of a channel per group.
//
// Path: MakeKernel -> MakeBounded -> MakeFast, for a call that HasToLook, and for MakeWinograd.
//
// Thread safety: as the kernels inside.
// Ownership and lifetime: owns both kernels. The reference kernels get scratch memory of their own
//   in the run that needs them, since hardly any does; so do they get weights that are packed for
//   the other kernel and may not be in memory otherwise.
// Invariants: the answer has a NaN where the reference kernels have one. Which of the two kernels
//   runs depends on the values of the inputs alone.
// Errors: as the kernels inside, and kResourceExhausted without memory for the slow one.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "runtime/ops/calls.h"
#include "runtime/ops/onednn/packed_weights.h"

namespace tenter {

class BoundedKernel final : public Kernel {
 public:
  // `looked_at`: the inputs that have to be bounded. `weights`: what `exact` gets as input 1, where
  // that may not be in memory.
  BoundedKernel(std::unique_ptr<Kernel> fast, std::unique_ptr<Kernel> exact,
                std::vector<size_t> looked_at, std::optional<PackedForm> weights);

  size_t scratch_bytes() const override { return fast_->scratch_bytes(); }
  std::string_view implementation() const override { return fast_->implementation(); }
  std::unique_ptr<KernelState> MakeState() const override { return fast_->MakeState(); }
  bool Reads(size_t input) const override;
  void Run(Inputs inputs, Outputs outputs, const RunContext& context) const override;

 private:
  void RunExact(Inputs inputs, Outputs outputs) const;

  const std::unique_ptr<Kernel> fast_;
  const std::unique_ptr<Kernel> exact_;
  const std::vector<size_t> looked_at_;
  const std::optional<PackedForm> weights_;
};

// Around what `make` makes of the call, in which the numbers are at most `growth` times as large as
// the sums of products that the op is defined by. kUnsupported when it is not known at compile time
// that bounded inputs cannot overflow.
MadeKernel MakeBounded(const OpCall& call, const TensorSpec& output, MakeFunction make,
                       double growth = 1.0);

}  // namespace tenter
