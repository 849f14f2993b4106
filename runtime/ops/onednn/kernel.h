// OneDnnKernel: one oneDNN primitive as a Kernel, and the shorthand for building one.
//
// Thread safety: Run is const and may run concurrently; each execution has memory objects and a
//   stream of its own, in its state, and the caller's scratch.
// Ownership and lifetime: owns primitive and engine handle, shares packed weights; borrows tensors
//   and scratch for one Run.
// Invariants: (1) no primitive is created after the constructor. (2) Each thread that executes asks
//   OpenMP for one thread, because that setting is per thread. (3) No null pointer reaches the
//   library, which would crash on it.
// Errors: dnnl::error becomes kUnsupported (no implementation), kResourceExhausted or kInternal
//   when made, and a StatusError with one of the last two when run.
#pragma once

#include <dnnl.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/ops/calls.h"
#include "runtime/ops/onednn/attr.h"
#include "runtime/ops/onednn/packed_weights.h"

namespace tenter {

// Which tensor of a run is bound to which argument of the primitive, and how it is laid out.
struct OneDnnBinding {
  int argument;
  bool is_output;
  size_t index;
  dnnl::memory::desc desc;
};

// An argument that is the same in each run.
struct OneDnnConstant {
  int argument;
  dnnl::memory::desc desc;
  PackedPages pages;
};

class OneDnnKernel final : public Kernel {
 public:
  OneDnnKernel(dnnl::engine engine, const dnnl::primitive_desc_base& description,
               dnnl::primitive primitive, std::vector<OneDnnBinding> bindings,
               std::vector<OneDnnConstant> constants);

  size_t scratch_bytes() const override { return scratch_.get_size(); }
  std::string_view implementation() const override { return implementation_; }
  std::unique_ptr<KernelState> MakeState() const override;
  bool Reads(size_t input) const override;
  void Run(Inputs inputs, Outputs outputs, const RunContext& context) const override;

 private:
  struct State;

  void Execute(Inputs inputs, Outputs outputs, std::byte* scratch, State* state) const;

  const dnnl::engine engine_;
  const dnnl::primitive primitive_;
  const dnnl::memory::desc scratch_;
  const std::string implementation_;
  const std::vector<OneDnnBinding> bindings_;
  const std::vector<OneDnnConstant> constants_;
};

// float32 in row-major order.
dnnl::memory::desc DenseDesc(const dnnl::memory::dims& dims);
// float32 with these strides, in elements.
dnnl::memory::desc StridedDesc(const dnnl::memory::dims& dims, const dnnl::memory::dims& strides);

// kUnsupported unless every input is float32 and no tensor is empty.
Status CheckForOneDnn(const OpCall& call);

// kResourceExhausted when the library had no memory, else kInternal.
Status StatusOf(const dnnl::error& error);

// Calls build(engine), which returns a kernel, and turns dnnl::error into a Status.
template <typename Build>
MadeKernel TryOneDnn(const OpCall& call, Build build) {
  TENTER_RETURN_IF_ERROR(CheckForOneDnn(call));
  try {
    return build(dnnl::engine(dnnl::engine::kind::cpu, 0));
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented) return Unsupported("oneDNN has no kernel for this");
    return StatusOf(error);
  }
}

// True of the library's own reference code, which is slower than any kernel of ours.
bool IsReferenceCode(std::string_view implementation);

// The kernel of a primitive description of type Primitive::primitive_desc; kUnsupported where the
// library would run its reference code.
template <typename Primitive>
MadeKernel MadeOneDnn(const dnnl::engine& engine,
                      const typename Primitive::primitive_desc& description,
                      std::vector<OneDnnBinding> bindings,
                      std::vector<OneDnnConstant> constants = {}) {
  if (IsReferenceCode(description.impl_info_str())) return Unsupported("only reference code");
  return std::unique_ptr<Kernel>(std::make_unique<OneDnnKernel>(
      engine, description, Primitive(description), std::move(bindings), std::move(constants)));
}

}  // namespace tenter
