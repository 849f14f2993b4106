// MatMul under numpy's rules, and Gemm.
#include <algorithm>
#include <array>

#include "runtime/ops/broadcast.h"
#include "runtime/ops/calls.h"
#include "runtime/ops/onednn/onednn.h"
#include "runtime/ops/own/row_product.h"
#include "runtime/ops/tables.h"

namespace tenter {
namespace {

// out[m,n] = sum over k of a[m,k] * b[k,n], in ascending k, in float.
struct Matrices {
  int64_t m, k, n;
  int64_t a_row, a_column;  // strides
  int64_t b_row, b_column;

  float Element(const float* a, const float* b, int64_t row, int64_t column) const {
    float sum = 0.0f;
    for (int64_t i = 0; i < k; ++i)
      sum += a[row * a_row + i * a_column] * b[i * b_row + column * b_column];
    return sum;
  }
};

// The operands of MatMul with numpy's extra axes put in: a vector becomes a row on the left and a
// column on the right.
struct MatMulShapes {
  Shape a, b;
  Shape batch;
  int64_t m, k, n;
  Shape output;
};

Result<MatMulShapes> MatMulShapesOf(const OpCall& call) {
  std::vector<int64_t> a = call.inputs[0].shape.dims();
  std::vector<int64_t> b = call.inputs[1].shape.dims();
  if (a.empty() || b.empty()) return Invalid("a scalar operand");
  const bool a_vector = a.size() == 1;
  const bool b_vector = b.size() == 1;
  if (a_vector) a.insert(a.begin(), 1);
  if (b_vector) b.push_back(1);
  MatMulShapes shapes;
  shapes.m = a[a.size() - 2];
  shapes.k = a.back();
  shapes.n = b.back();
  if (b[b.size() - 2] != shapes.k) return Invalid("the inner dimensions differ");
  TENTER_ASSIGN_OR_RETURN(shapes.batch,
                          BroadcastShapes(Shape(std::vector<int64_t>(a.begin(), a.end() - 2)),
                                          Shape(std::vector<int64_t>(b.begin(), b.end() - 2))));
  std::vector<int64_t> output = shapes.batch.dims();
  if (!a_vector) output.push_back(shapes.m);
  if (!b_vector) output.push_back(shapes.n);
  shapes.a = Shape(std::move(a));
  shapes.b = Shape(std::move(b));
  shapes.output = Shape(std::move(output));
  return shapes;
}

Result<Specs> InferMatMul(const OpCall& call) {
  TENTER_RETURN_IF_ERROR(RequireType(call, 0, DType::kFloat32));
  TENTER_RETURN_IF_ERROR(RequireType(call, 1, DType::kFloat32));
  TENTER_ASSIGN_OR_RETURN(const MatMulShapes shapes, MatMulShapesOf(call));
  return Specs{{DType::kFloat32, shapes.output}};
}

// The strides of the batch axes of `shape` in units of its matrices, stretched to `batch`.
std::vector<int64_t> BatchStrides(const Shape& shape, const Shape& batch) {
  const auto& dims = shape.dims();
  return BroadcastStrides(Shape(std::vector<int64_t>(dims.begin(), dims.end() - 2)), batch);
}

MadeKernel MakeMatMul(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const MatMulShapes shapes, MatMulShapesOf(call));
  const Matrices matrices{shapes.m, shapes.k, shapes.n, shapes.k, 1, shapes.n, 1};
  std::vector<int64_t> a_offsets, b_offsets;
  WalkStrided(shapes.batch.dims(), BatchStrides(shapes.a, shapes.batch), 0,
              [&](int64_t, int64_t at) { a_offsets.push_back(at * shapes.m * shapes.k); });
  WalkStrided(shapes.batch.dims(), BatchStrides(shapes.b, shapes.batch), 0,
              [&](int64_t, int64_t at) { b_offsets.push_back(at * shapes.k * shapes.n); });
  return MakeLambda([matrices, a_offsets, b_offsets](Inputs inputs, Outputs outputs) {
    float* out = outputs[0].mutable_data<float>();
    for (size_t batch = 0; batch < a_offsets.size(); ++batch)
      for (int64_t row = 0; row < matrices.m; ++row)
        for (int64_t column = 0; column < matrices.n; ++column)
          *out++ = matrices.Element(inputs[0].data<float>() + a_offsets[batch],
                                    inputs[1].data<float>() + b_offsets[batch], row, column);
  });
}

Result<Matrices> GemmMatrices(const OpCall& call) {
  const Shape& a = call.inputs[0].shape;
  const Shape& b = call.inputs[1].shape;
  if (a.rank() != 2 || b.rank() != 2) return Invalid("operands that are not matrices");
  TENTER_ASSIGN_OR_RETURN(const int64_t a_transposed, call.attributes.Int("transA", 0));
  TENTER_ASSIGN_OR_RETURN(const int64_t b_transposed, call.attributes.Int("transB", 0));
  Matrices matrices{a.dim(0), a.dim(1), b.dim(1), a.dim(1), 1, b.dim(1), 1};
  int64_t b_inner = b.dim(0);
  if (a_transposed != 0) {
    std::swap(matrices.m, matrices.k);
    std::swap(matrices.a_row, matrices.a_column);
  }
  if (b_transposed != 0) {
    std::swap(matrices.n, b_inner);
    std::swap(matrices.b_row, matrices.b_column);
  }
  if (b_inner != matrices.k) return Invalid("the inner dimensions differ");
  return matrices;
}

Result<Specs> InferGemm(const OpCall& call) {
  for (size_t i = 0; i < call.inputs.size(); ++i)
    TENTER_RETURN_IF_ERROR(RequireType(call, i, DType::kFloat32));
  TENTER_ASSIGN_OR_RETURN(const Matrices matrices, GemmMatrices(call));
  const Shape output = {matrices.m, matrices.n};
  if (call.has_input(2)) {
    TENTER_ASSIGN_OR_RETURN(const Shape both, BroadcastShapes(call.inputs[2].shape, output));
    if (both != output) return Invalid("C does not broadcast to " + output.ToString());
  }
  return Specs{{DType::kFloat32, output}};
}

// alpha * (A x B) + beta * C.
MadeKernel MakeGemm(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Matrices matrices, GemmMatrices(call));
  TENTER_ASSIGN_OR_RETURN(const float alpha, call.attributes.Float("alpha", 1.0f));
  TENTER_ASSIGN_OR_RETURN(const float beta, call.attributes.Float("beta", 1.0f));
  const Shape output = {matrices.m, matrices.n};
  const std::vector<int64_t> c_strides =
      call.has_input(2) ? BroadcastStrides(call.inputs[2].shape, output) : std::vector<int64_t>{};
  return MakeLambda([=](Inputs inputs, Outputs outputs) {
    const float* const c = c_strides.empty() ? nullptr : inputs[2].data<float>();
    float* out = outputs[0].mutable_data<float>();
    for (int64_t row = 0; row < matrices.m; ++row)
      for (int64_t column = 0; column < matrices.n; ++column, ++out) {
        *out =
            alpha * matrices.Element(inputs[0].data<float>(), inputs[1].data<float>(), row, column);
        if (c != nullptr) *out += beta * c[row * c_strides[0] + column * c_strides[1]];
      }
  });
}

// With an epilogue it is made alone, and what is behind it follows (chain_kernel.h): a pass over
// one row costs nothing beside the matrix.
template <MakeFunction kMakeOfLibrary>
MadeKernel MakeFastProduct(const OpCall& call) {
  if (!IsRowProduct(call)) return kMakeOfLibrary(call);
  return MakeRowProduct(call);
}

constexpr AttributeRule kGemmRules[] = {{"alpha"}, {"beta"}, {"transA"}, {"transB"}};

constexpr std::array kOps = {
    OpType{"MatMul",
           kOpsetMin,
           kOpsetMax,
           2,
           2,
           1,
           {},
           InferMatMul,
           MakeMatMul,
           MakeFastProduct<MakeOneDnnMatMul>},
    OpType{"Gemm", kOpsetMin, kOpsetMax, 2, 3, 1, kGemmRules, InferGemm, MakeGemm,
           MakeFastProduct<MakeOneDnnGemm>},
};

}  // namespace

std::span<const OpType> LinearOps() { return kOps; }

}  // namespace tenter
