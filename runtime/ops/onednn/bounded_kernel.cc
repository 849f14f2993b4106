#include "runtime/ops/onednn/bounded_kernel.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <utility>

#include "runtime/base/tsan.h"
#include "runtime/device/memory.h"
#include "runtime/ops/onednn/onednn.h"
#include "runtime/ops/onednn/post_ops.h"
#include "runtime/ops/onednn/unpack.h"

namespace tenter {
namespace {

// Far above what a network computes, and far below what overflows in a sum of products.
constexpr float kLimit = 1e10f;
constexpr double kOverflow = std::numeric_limits<float>::max() / 2;

// Without a branch, so that it goes as fast as memory. The bits of floats without their sign are in
// the order of their values, and those of a NaN above all.
TENTER_UNSEEN bool IsBounded(const float* values, int64_t count) {
  constexpr auto kBits = std::bit_cast<int32_t>(kLimit);
  int32_t above = 0;
  for (int64_t i = 0; i < count; ++i)
    above |= kBits - (std::bit_cast<int32_t>(values[i]) & 0x7fffffff);
  return above >= 0;
}

bool IsBounded(const Tensor& tensor) {
  return IsBounded(tensor.data<float>(), tensor.shape().NumElements());
}

float LargestOf(const Tensor& tensor) {
  return tenter::LargestOf(tensor.data<float>(), tensor.size_bytes() / sizeof(float));
}

// True when inputs within the limit, of the op and its epilogue, lead to no overflow.
bool StaysFinite(const OpCall& call, const TensorSpec& output, double growth) {
  const Tensor* const weights = call.constant(1);
  if (output.shape.NumElements() == 0 || weights == nullptr) return false;
  const float weight =
      call.packed == nullptr ? LargestOf(*weights) : call.packed->LargestOf(*weights);
  if (!(weight <= kLimit)) return false;
  const auto terms = static_cast<double>(weights->shape().NumElements() / output.shape.dim(-1));
  double bound = growth * terms * double{weight} * double{kLimit};
  if (call.has_input(2)) {
    const Tensor* const bias = call.constant(2);
    if (bias == nullptr || !IsBounded(*bias)) return false;
    bound += LargestOf(*bias);
  }
  for (const OpCall& op : call.epilogue) bound = GrownBy(op, bound, kLimit);
  return bound < kOverflow;
}

// The places of the inputs that are not known before a run. Those that are known are within the
// limit, or it answers kUnsupported.
Result<std::vector<size_t>> ToLookAt(const OpCall& call) {
  std::vector<size_t> places = {0};
  size_t place = call.inputs.size();
  for (const OpCall& op : call.epilogue)
    for (size_t i = 0; i < op.inputs.size(); ++i) {
      if (i == op.carried) continue;
      const Tensor* const constant = op.constant(i);
      const bool is_operand = op.has_input(i) && op.op_type != "Clip";
      if (is_operand && constant != nullptr && !IsBounded(*constant))
        return Unsupported("a huge constant");
      if (is_operand && constant == nullptr) places.push_back(place);
      ++place;
    }
  return places;
}

}  // namespace

BoundedKernel::BoundedKernel(std::unique_ptr<Kernel> fast, std::unique_ptr<Kernel> exact,
                             std::vector<size_t> looked_at, std::optional<PackedForm> weights)
    : fast_(std::move(fast)),
      exact_(std::move(exact)),
      looked_at_(std::move(looked_at)),
      weights_(std::move(weights)) {}

bool BoundedKernel::Reads(size_t input) const {
  return input != 1 || !weights_ || fast_->Reads(input);
}

void BoundedKernel::Run(Inputs inputs, Outputs outputs, const RunContext& context) const {
  if (std::all_of(looked_at_.begin(), looked_at_.end(),
                  [&](size_t place) { return IsBounded(inputs[place]); }))
    return fast_->Run(inputs, outputs, context);
  if (!weights_) return RunExact(inputs, outputs);
  auto plain = Tensor::Allocate(inputs[1].spec());
  if (!plain.ok()) throw StatusError(plain.status());
  Unpack(weights_->order, weights_->pages->data(), plain->mutable_raw());
  std::vector<Tensor> all(inputs.begin(), inputs.end());
  all[1] = std::move(*plain);
  RunExact(all, outputs);
}

void BoundedKernel::RunExact(Inputs inputs, Outputs outputs) const {
  const auto scratch = HostBlock::Allocate(exact_->scratch_bytes());
  if (!scratch.ok()) throw StatusError(scratch.status());
  exact_->Run(inputs, outputs, {.scratch = (*scratch)->data()});
}

MadeKernel MakeBounded(const OpCall& call, const TensorSpec& output, MakeFunction make,
                       double growth) {
  if (!StaysFinite(call, output, growth)) return Unsupported("it may overflow");
  TENTER_ASSIGN_OR_RETURN(std::vector<size_t> looked_at, ToLookAt(call));
  TENTER_ASSIGN_OR_RETURN(auto fast, MakeFast(make, call));
  TENTER_ASSIGN_OR_RETURN(auto exact, MakeKernel(call, {&output, 1}, KernelChoice::kReference));
  std::optional<PackedForm> weights;
  if (call.packed != nullptr && !fast->Reads(1))
    weights = call.packed->FormOf(call.constant(1)->raw());
  return std::unique_ptr<Kernel>(std::make_unique<BoundedKernel>(
      std::move(fast), std::move(exact), std::move(looked_at), std::move(weights)));
}

}  // namespace tenter
