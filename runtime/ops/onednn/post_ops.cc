#include "runtime/ops/onednn/post_ops.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "runtime/ops/broadcast.h"
#include "runtime/ops/onednn/depthwise.h"
#include "runtime/ops/onednn/onednn.h"

namespace tenter {
namespace {

using Dims = dnnl::memory::dims;

struct Function {
  dnnl::algorithm algorithm;
  float alpha = 0.0f;
  float beta = 0.0f;
};

Result<Function> ClipOf(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const ClipBounds bounds, ClipBoundsOf(call));
  // The library has no such function, nor one with a NaN.
  if (!(bounds.low <= bounds.high)) return Unsupported("bounds that exclude each other");
  return Function{dnnl::algorithm::eltwise_clip, bounds.low, bounds.high};
}

Result<Function> FunctionOf(const OpCall& call) {
  const std::string_view type = call.op_type;
  if (type == "Relu") return Function{dnnl::algorithm::eltwise_relu};
  if (type == "Clip") return ClipOf(call);
  if (type == "HardSwish") return Function{dnnl::algorithm::eltwise_hardswish, 1.0f / 6.0f, 0.5f};
  if (type == "Sigmoid") return Function{dnnl::algorithm::eltwise_logistic};
  if (type == "Tanh") return Function{dnnl::algorithm::eltwise_tanh};
  if (type == "HardSigmoid") {
    TENTER_ASSIGN_OR_RETURN(const float alpha, call.attributes.Float("alpha", 0.2f));
    TENTER_ASSIGN_OR_RETURN(const float beta, call.attributes.Float("beta", 0.5f));
    if (std::isfinite(alpha) && std::isfinite(beta))
      return Function{dnnl::algorithm::eltwise_hardsigmoid, alpha, beta};
  }
  if (type == "LeakyRelu") {
    TENTER_ASSIGN_OR_RETURN(const float alpha, call.attributes.Float("alpha", 0.01f));
    if (KeepsNaNAsLeakyRelu(alpha)) return Function{dnnl::algorithm::eltwise_relu, alpha};
  }
  return Unsupported("no such function");
}

Result<dnnl::algorithm> ArithmeticOf(const OpCall& call) {
  const std::string_view type = call.op_type;
  if (type == "Add" || type == "Sum") return dnnl::algorithm::binary_add;
  if (type == "Mul") return dnnl::algorithm::binary_mul;
  if (type == "Sub") return dnnl::algorithm::binary_sub;
  return Unsupported("no such arithmetic");
}

size_t OperandOf(const OpCall& op) { return 1 - op.carried; }

// True where the library stretches `operand` to `whole` fast: the whole, one number per channel,
// which is the last axis, or one number.
bool Stretches(const Shape& operand, const Shape& whole) {
  if (operand.rank() > whole.rank()) return false;
  const Dims dims = PaddedDims(operand, whole.dims().size());
  if (operand.NumElements() == 0 || whole.NumElements() == 0) return false;
  if (dims == whole.dims() || operand.NumElements() == 1) return true;
  return dims.back() == whole.dim(-1) && operand.NumElements() == dims.back();
}

// True where the library makes a number of a NaN.
bool LosesNaN(const OpCall& op) {
  return op.op_type == "Relu" || op.op_type == "Clip" || op.op_type == "HardSigmoid";
}

// A kernel that would lose a NaN looks at what it reads in each run. Where that is more than what
// it writes, a pass of its own over the output is as fast. One of our own has no need to.
bool IsWorthALook(const OpCall& head, const TensorSpec& output) {
  return HasToLook(head) || (head.epilogue.empty() && WouldTakeDepthwise(head)) ||
         head.inputs[0].shape.NumElements() <= output.shape.NumElements();
}

// How an operand lies, with the axes in the order in which the library has those of the output.
dnnl::memory::desc OperandDesc(const OpCall& call, const Shape& operand, size_t rank) {
  const Dims dims = PaddedDims(operand, rank);
  if (call.layout == Layout::kChannelsFirst) return DenseDesc(dims);
  const Dims strides = Shape(dims).Strides();
  return StridedDesc({dims[0], dims[3], dims[1], dims[2]},
                     {strides[0], strides[3], strides[1], strides[2]});
}

}  // namespace

bool CanFollow(const OpCall& head, const OpCall& op) {
  const TensorSpec& whole = op.inputs[op.carried];
  if (whole.dtype != DType::kFloat32 || whole.shape.rank() < 2 || op.output_count != 1)
    return false;
  if (TakesDepthwise(head)) return false;  // it would lose the kernel that is made for its bound
  if (head.op_type == "BatchNormalization") return op.op_type == "Relu" && head.epilogue.empty();
  if (FunctionOf(op).ok()) return op.carried == 0 && (!LosesNaN(op) || IsWorthALook(head, whole));
  if (!ArithmeticOf(op).ok() || op.inputs.size() != 2) return false;
  if (op.op_type == "Sub" && op.carried != 0) return false;
  const TensorSpec& operand = op.inputs[OperandOf(op)];
  return operand.dtype == DType::kFloat32 && Stretches(operand.shape, whole.shape);
}

Result<PostOps> PostOpsOf(const OpCall& call) {
  dnnl::post_ops ops;
  PostOps made{.attr = UserScratchpad(), .bindings = {}};
  size_t next = call.inputs.size();
  for (const OpCall& op : call.epilogue) {
    const int number = ops.len();
    if (const auto function = FunctionOf(op); function.ok()) {
      ops.append_eltwise(function->algorithm, function->alpha, function->beta);
    } else {
      TENTER_ASSIGN_OR_RETURN(const dnnl::algorithm arithmetic, ArithmeticOf(op));
      const size_t rank = op.inputs[op.carried].shape.dims().size();
      const auto desc = OperandDesc(call, op.inputs[OperandOf(op)].shape, rank);
      ops.append_binary(arithmetic, desc);
      made.bindings.push_back(
          {DNNL_ARG_ATTR_MULTIPLE_POST_OP(number) | DNNL_ARG_SRC_1, false, next, desc});
    }
    next += op.inputs.size() - 1;
  }
  made.attr.set_post_ops(ops);
  return made;
}

bool HasToLook(const OpCall& call) {
  return call.op_type != "BatchNormalization" &&
         std::any_of(call.epilogue.begin(), call.epilogue.end(), LosesNaN);
}

double GrownBy(const OpCall& op, double bound, double operand) {
  if (op.op_type == "Mul") return bound * operand;
  const auto function = FunctionOf(op);
  if (!function.ok()) return bound + operand;
  const double alpha = std::fabs(function->alpha), beta = std::fabs(function->beta);
  // Bounds make nothing larger, but for what lies beyond them.
  if (op.op_type == "Clip")
    return std::max({bound, double{function->alpha}, -double{function->beta}});
  return std::max({bound, alpha * bound + beta, alpha, 1.0});
}

}  // namespace tenter
