// What every file of the op table shares: reading the constants of a call, and kernels made of a
// lambda.
//
// Thread safety: pure functions; a LambdaKernel is const after construction.
// Ownership and lifetime: a LambdaKernel owns its captures, which must not borrow from the OpCall.
// Errors: messages say what is wrong; InferOp and MakeKernel put op, node and shapes in front.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/ops/op.h"

namespace tenter {

using Inputs = std::span<const Tensor>;
using Outputs = std::span<Tensor>;
using Specs = std::vector<TensorSpec>;
using MadeKernel = Result<std::unique_ptr<Kernel>>;

Status Invalid(std::string message);      // kInvalidArgument
Status Unsupported(std::string message);  // kUnsupported

// `axis`, counted from the end when negative, as an index below `rank`.
Result<int> ResolveAxis(int64_t axis, int rank);
// Each of `axes` resolved, sorted; refuses duplicates.
Result<std::vector<int>> ResolveAxes(const std::vector<int64_t>& axes, int rank);

// The values of input `i`, which must be known now: int32 or int64, rank 0 or 1.
Result<std::vector<int64_t>> KnownInts(const OpCall& call, size_t i);

// The list that is attribute `name` before opset `input_since` and input `i` from then on. Empty
// when absent.
Result<std::vector<int64_t>> IntsOf(const OpCall& call, std::string_view name, int input_since,
                                    size_t i);

// Refuses an input of another type than `dtype`.
Status RequireType(const OpCall& call, size_t i, DType dtype);

// The infer function of ops whose one output is like their first input.
Result<Specs> SameAsInput(const OpCall& call);

// `name`, which outlives the kernel, is what it calls its implementation.
template <typename Body>
class LambdaKernel final : public Kernel {
 public:
  LambdaKernel(Body body, std::string_view name) : body_(std::move(body)), name_(name) {}
  std::string_view implementation() const override { return name_; }
  void Run(Inputs inputs, Outputs outputs, const RunContext&) const override {
    body_(inputs, outputs);
  }

 private:
  Body body_;
  std::string_view name_;
};

template <typename Body>
MadeKernel MakeLambda(Body body, std::string_view name = "reference") {
  return std::unique_ptr<Kernel>(std::make_unique<LambdaKernel<Body>>(std::move(body), name));
}

// Copies the bytes of the first input to the first output.
MadeKernel MakeCopy(const OpCall& call);

}  // namespace tenter
