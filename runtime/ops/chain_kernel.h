// ChainKernel: a kernel and those of its epilogue, one behind the other.
//
// It serves where no single kernel does all of it, and where one kernel that does would lose a NaN
// (onednn/bounded_kernel.h). What one of them hands to the next lies in scratch memory.
//
// Path: MakeKernel, for a call with an epilogue -> MakeChain -> ChainKernel.
//
// Thread safety: as the kernels inside.
// Ownership and lifetime: owns the kernels inside.
// Errors: as the kernels inside.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/ops/calls.h"

namespace tenter {

class ChainKernel final : public Kernel {
 public:
  struct Link {
    std::unique_ptr<Kernel> kernel;
    size_t inputs;   // how many it reads
    size_t carried;  // which of them is the output of the link before; of the first one: unused
  };

  // `output` is what each link computes.
  ChainKernel(std::vector<Link> links, TensorSpec output);

  size_t scratch_bytes() const override;
  std::string_view implementation() const override { return implementation_; }
  std::unique_ptr<KernelState> MakeState() const override;
  bool Reads(size_t input) const override;
  void Run(Inputs inputs, Outputs outputs, const RunContext& context) const override;

 private:
  struct State;

  const std::vector<Link> links_;
  const TensorSpec output_;
  const std::string implementation_;  // those of the links, "brgconv:avx2, reference"
};

// REQUIRES: `call` has an epilogue.
MadeKernel MakeChain(const OpCall& call, const TensorSpec& output, KernelChoice choice);

}  // namespace tenter
