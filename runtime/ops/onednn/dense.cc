// oneDNN kernels of the ops that work on whole tensors: matrix products, element-wise functions,
// binary arithmetic and softmax.
#include <array>

#include "runtime/ops/broadcast.h"
#include "runtime/ops/onednn/keeps_nan.h"
#include "runtime/ops/onednn/kernel.h"
#include "runtime/ops/onednn/onednn.h"
#include "runtime/ops/onednn/post_ops.h"

namespace tenter {
namespace {

using Dims = dnnl::memory::dims;

struct Eltwise {
  std::string_view op_type;
  dnnl::algorithm algorithm;
  float alpha = 0.0f;
  float beta = 0.0f;
};

constexpr std::array kEltwise = {
    Eltwise{"Sigmoid", dnnl::algorithm::eltwise_logistic},
    Eltwise{"Tanh", dnnl::algorithm::eltwise_tanh},
    Eltwise{"Sqrt", dnnl::algorithm::eltwise_sqrt},
    Eltwise{"Exp", dnnl::algorithm::eltwise_exp},
    Eltwise{"Log", dnnl::algorithm::eltwise_log},
    Eltwise{"HardSwish", dnnl::algorithm::eltwise_hardswish, 1.0f / 6.0f, 0.5f},
    Eltwise{"LeakyRelu", dnnl::algorithm::eltwise_relu, 0.01f},
};

// The row of this op with its attributes in place of the defaults.
Result<Eltwise> EltwiseOf(const OpCall& call) {
  for (Eltwise row : kEltwise) {
    if (row.op_type != call.op_type) continue;
    TENTER_ASSIGN_OR_RETURN(row.alpha, call.attributes.Float("alpha", row.alpha));
    return row;
  }
  return Unsupported("no such function");
}

dnnl::algorithm BinaryOf(std::string_view op_type) {
  if (op_type == "Sub") return dnnl::algorithm::binary_sub;
  if (op_type == "Mul") return dnnl::algorithm::binary_mul;
  if (op_type == "Div") return dnnl::algorithm::binary_div;
  return dnnl::algorithm::binary_add;
}

bool Commutes(std::string_view op_type) { return op_type != "Sub" && op_type != "Div"; }

MadeKernel MakeProduct(const OpCall& call, const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                       const dnnl::memory::desc& bias, const dnnl::memory::desc& out) {
  TENTER_ASSIGN_OR_RETURN(const PostOps post_ops, PostOpsOf(call));
  return TryOneDnn(call, [&](const dnnl::engine& engine) {
    const dnnl::matmul::primitive_desc description(engine, a, b, bias, out, post_ops.attr);
    std::vector<OneDnnBinding> bindings = {
        {DNNL_ARG_SRC, false, 0, a}, {DNNL_ARG_WEIGHTS, false, 1, b}, {DNNL_ARG_DST, true, 0, out}};
    if (call.has_input(2)) bindings.push_back({DNNL_ARG_BIAS, false, 2, bias});
    for (const OneDnnBinding& binding : post_ops.bindings) bindings.push_back(binding);
    return MadeOneDnn<dnnl::matmul>(engine, description, std::move(bindings));
  });
}

MadeKernel MakeFunctionOf(const OpCall& call, const Eltwise& function) {
  const auto desc = DenseDesc({call.inputs[0].shape.NumElements()});
  return TryOneDnn(call, [&](const dnnl::engine& engine) {
    const dnnl::eltwise_forward::primitive_desc description(
        engine, dnnl::prop_kind::forward_inference, function.algorithm, desc, desc, function.alpha,
        function.beta, UserScratchpad());
    return MadeOneDnn<dnnl::eltwise_forward>(
        engine, description, {{DNNL_ARG_SRC, false, 0, desc}, {DNNL_ARG_DST, true, 0, desc}});
  });
}

}  // namespace

MadeKernel MakeOneDnnMatMul(const OpCall& call) {
  const Shape& a = call.inputs[0].shape;
  const Shape& b = call.inputs[1].shape;
  if (a.rank() < 2 || b.rank() < 2) return Unsupported("a vector operand");
  const auto rank = static_cast<size_t>(std::max(a.rank(), b.rank()));
  const Dims left = PaddedDims(a, rank), right = PaddedDims(b, rank);
  Dims out(rank);
  for (size_t i = 0; i < rank; ++i) out[i] = left[i] == 1 ? right[i] : left[i];
  out[rank - 2] = a.dim(-2);
  out[rank - 1] = b.dim(-1);
  return MakeProduct(call, DenseDesc(left), DenseDesc(right), {}, DenseDesc(out));
}

MadeKernel MakeOneDnnGemm(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const float alpha, call.attributes.Float("alpha", 1.0f));
  TENTER_ASSIGN_OR_RETURN(const float beta, call.attributes.Float("beta", 1.0f));
  if (alpha != 1.0f || beta != 1.0f) return Unsupported("a scale");
  TENTER_ASSIGN_OR_RETURN(const int64_t a_transposed, call.attributes.Int("transA", 0));
  TENTER_ASSIGN_OR_RETURN(const int64_t b_transposed, call.attributes.Int("transB", 0));
  // A transposed operand is the same memory under swapped strides.
  const auto operand = [&](size_t i, int64_t transposed) {
    const int64_t rows = call.inputs[i].shape.dim(0), columns = call.inputs[i].shape.dim(1);
    return transposed == 0 ? DenseDesc({rows, columns})
                           : StridedDesc({columns, rows}, {1, columns});
  };
  const auto a = operand(0, a_transposed), b = operand(1, b_transposed);
  const int64_t m = a.get_dims()[0], n = b.get_dims()[1];
  dnnl::memory::desc bias;
  if (call.has_input(2)) {
    const Shape& c = call.inputs[2].shape;
    if (c != Shape{n} && c != Shape{1, n}) return Unsupported("a C that is not one row");
    bias = DenseDesc({1, n});
  }
  return MakeProduct(call, a, b, bias, DenseDesc({m, n}));
}

MadeKernel MakeOneDnnEltwise(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Eltwise function, EltwiseOf(call));
  if (call.op_type == "LeakyRelu" && !KeepsNaNAsLeakyRelu(function.alpha))
    return Unsupported("a slope that loses NaN");
  const int64_t count = call.inputs[0].shape.NumElements();
  TENTER_ASSIGN_OR_RETURN(std::unique_ptr<Kernel> kernel, MakeFunctionOf(call, function));
  if (function.algorithm != dnnl::algorithm::eltwise_exp) return kernel;
  return std::unique_ptr<Kernel>(
      std::make_unique<KeepsNaN>(std::move(kernel), SoftmaxExtents{count, 1, 1}));
}

MadeKernel MakeOneDnnBinary(const OpCall& call) {
  if (call.inputs.size() != 2) return Unsupported("another number of operands");
  TENTER_ASSIGN_OR_RETURN(const Shape out,
                          BroadcastShapes(call.inputs[0].shape, call.inputs[1].shape));
  const auto rank = static_cast<size_t>(std::max(out.rank(), 1));
  const Dims whole = PaddedDims(out, rank);
  const auto is_whole = [&](size_t i) { return PaddedDims(call.inputs[i].shape, rank) == whole; };
  // The library stretches its second operand alone: with a stretched first one it runs reference
  // code that is a thousand times slower.
  const bool exchange = !is_whole(0);
  if (exchange && (!is_whole(1) || !Commutes(call.op_type)))
    return Unsupported("a first operand that is stretched");
  const size_t first = exchange ? 1 : 0, second = exchange ? 0 : 1;
  const auto a = DenseDesc(whole), b = DenseDesc(PaddedDims(call.inputs[second].shape, rank));
  return TryOneDnn(call, [&](const dnnl::engine& engine) {
    const dnnl::binary::primitive_desc description(engine, BinaryOf(call.op_type), a, b, a,
                                                   UserScratchpad());
    return MadeOneDnn<dnnl::binary>(engine, description,
                                    {{DNNL_ARG_SRC_0, false, first, a},
                                     {DNNL_ARG_SRC_1, false, second, b},
                                     {DNNL_ARG_DST, true, 0, a}});
  });
}

MadeKernel MakeOneDnnSoftmax(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const SoftmaxExtents extents, SoftmaxExtentsOf(call));
  const auto desc = DenseDesc({extents.outer, extents.axis, extents.inner});
  const auto build = [&](const dnnl::engine& engine) {
    const dnnl::softmax_forward::primitive_desc description(
        engine, dnnl::prop_kind::forward_inference, dnnl::algorithm::softmax_accurate, desc, desc,
        1, UserScratchpad());
    return MadeOneDnn<dnnl::softmax_forward>(
        engine, description, {{DNNL_ARG_SRC, false, 0, desc}, {DNNL_ARG_DST, true, 0, desc}});
  };
  TENTER_ASSIGN_OR_RETURN(std::unique_ptr<Kernel> kernel, TryOneDnn(call, build));
  return std::unique_ptr<Kernel>(std::make_unique<KeepsNaN>(std::move(kernel), extents));
}

}  // namespace tenter
