// PartedKernel: a kernel whose output is computed in parts, by as many threads as there are.
//
//   the caller and its team (device/team.h) take one part after another; without a team the caller
//   computes them all. The bits are the same: they depend on how the call is cut.
//
// Path: MakeKernel, for a call that may be cut -> MakeParted -> CutCall -> PartedKernel.
//
// Thread safety: as every kernel; its parts run at the same time, each with scratch and state of
//   its own.
// Ownership and lifetime: owns the kernels of the parts; borrows tensors, scratch and team for one
//   Run.
// Invariants: a Run returns, or throws, when all its parts have ended.
// Errors: of parts that fail what the first in order has thrown.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/ops/parts/call_parts.h"

namespace tenter {

class PartedKernel final : public Kernel {
 public:
  struct Part {
    std::unique_ptr<Kernel> kernel;
    std::vector<Piece> inputs;
    Piece output;
  };

  // `inputs`: of the whole call and its epilogue, as a Run gets them. REQUIRES: there are parts.
  explicit PartedKernel(std::vector<Part> parts);

  size_t scratch_bytes() const override { return parts_.size() * scratch_bytes_of_part_; }
  // "2 x brgconv:avx512_core".
  std::string_view implementation() const override { return implementation_; }
  std::unique_ptr<KernelState> MakeState() const override;
  bool Reads(size_t input) const override;
  void Run(Inputs inputs, Outputs outputs, const RunContext& context) const override;

 private:
  struct State;
  struct OneRun;

  static void RunPart(void* of, size_t index) noexcept;

  const std::vector<Part> parts_;
  const size_t scratch_bytes_of_part_;
  const std::string implementation_;
};

// Null where the call stays whole.
MadeKernel MakeParted(const OpCall& call, const TensorSpec& output);

}  // namespace tenter
