#include "runtime/ops/own/row_product.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/tsan.h"
#include "runtime/ops/own/vectors.h"

namespace tenter {
namespace {

// row[0..depth) x weights. Of Dots the weights of each output lie side by side, of Sums those of
// each element of the row. `bias` may be null.
struct Product {
  const float* row;
  const float* weights;
  const float* bias;
  float* out;
  int64_t depth, outputs;
};

// `kRows` outputs at once: so many streams from memory.
template <int kWidth, int kRows>
TENTER_INLINE void DotsOf(const Product& p, int64_t first) {
  using V = typename Vectors<kWidth>::Type;
  V sums[kRows][2] = {};
  int64_t k = 0;
  for (; k + 2 * kWidth <= p.depth; k += 2 * kWidth)
    for (int half = 0; half < 2; ++half) {
      V row, weights;
      std::memcpy(&row, p.row + k + half * kWidth, sizeof(V));
      for (int i = 0; i < kRows; ++i) {
        std::memcpy(&weights, p.weights + (first + i) * p.depth + k + half * kWidth, sizeof(V));
        sums[i][half] += row * weights;
      }
    }
  for (int i = 0; i < kRows; ++i) {
    const V both = sums[i][0] + sums[i][1];
    float sum = 0.0f;
    for (int lane = 0; lane < kWidth; ++lane) sum += both[lane];
    for (int64_t rest = k; rest < p.depth; ++rest)
      sum += p.row[rest] * p.weights[(first + i) * p.depth + rest];
    p.out[first + i] = p.bias == nullptr ? sum : sum + p.bias[first + i];
  }
}

template <int kWidth>
TENTER_INLINE void Dots(const Product& p) {
  constexpr int kRows = 4;
  int64_t first = 0;
  for (; first + kRows <= p.outputs; first += kRows) DotsOf<kWidth, kRows>(p, first);
  for (; first < p.outputs; ++first) DotsOf<kWidth, 1>(p, first);
}

// Adds `kRows` rows of the weights to the outputs, each times its element of the row.
template <int kWidth, int kRows>
TENTER_INLINE void AddRows(const Product& p, int64_t k) {
  using V = typename Vectors<kWidth>::Type;
  const float* const weights = p.weights + k * p.outputs;
  int64_t n = 0;
  for (; n + kWidth <= p.outputs; n += kWidth) {
    V sum, of_row;
    std::memcpy(&sum, p.out + n, sizeof(V));
    for (int i = 0; i < kRows; ++i) {
      std::memcpy(&of_row, weights + i * p.outputs + n, sizeof(V));
      sum += p.row[k + i] * of_row;
    }
    std::memcpy(p.out + n, &sum, sizeof(V));
  }
  for (; n < p.outputs; ++n)
    for (int i = 0; i < kRows; ++i) p.out[n] += p.row[k + i] * weights[i * p.outputs + n];
}

template <int kWidth>
TENTER_INLINE void Sums(const Product& p) {
  constexpr int kRows = 4;
  std::memset(p.out, 0, static_cast<size_t>(p.outputs) * sizeof(float));
  int64_t k = 0;
  for (; k + kRows <= p.depth; k += kRows) AddRows<kWidth, kRows>(p, k);
  for (; k < p.depth; ++k) AddRows<kWidth, 1>(p, k);
  if (p.bias == nullptr) return;
  for (int64_t n = 0; n < p.outputs; ++n) p.out[n] += p.bias[n];
}

#define TENTER_VARIANT(name, machine, width)                                         \
  TENTER_UNSEEN __attribute__((target(machine))) void name##Dots(const Product& p) { \
    Dots<width>(p);                                                                  \
  }                                                                                  \
  TENTER_UNSEEN __attribute__((target(machine))) void name##Sums(const Product& p) { \
    Sums<width>(p);                                                                  \
  }

using Compute = void (*)(const Product&);

#if defined(__x86_64__)
TENTER_FOR_EACH_MACHINE(TENTER_VARIANT)

Compute OfThisMachine(bool dots) {
  const int width = WidthOfThisMachine();
  return dots ? ForWidth(width, WidestDots, WideDots, PlainDots)
              : ForWidth(width, WidestSums, WideSums, PlainSums);
}
#else
Compute OfThisMachine(bool dots) { return dots ? Dots<4> : Sums<4>; }
#endif

// What a call multiplies, if it is one row times a matrix.
struct Extents {
  int64_t depth, outputs;
  bool dots;
};

Result<Extents> OfMatMul(const OpCall& call) {
  const Shape& a = call.inputs[0].shape;
  const Shape& b = call.inputs[1].shape;
  if (a.rank() < 2 || b.rank() != 2 || a.NumElements() != a.dim(-1))
    return Unsupported("more than a row");
  return Extents{b.dim(0), b.dim(1), false};
}

Result<Extents> OfGemm(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const float alpha, call.attributes.Float("alpha", 1.0f));
  TENTER_ASSIGN_OR_RETURN(const float beta, call.attributes.Float("beta", 1.0f));
  TENTER_ASSIGN_OR_RETURN(const int64_t a_turned, call.attributes.Int("transA", 0));
  TENTER_ASSIGN_OR_RETURN(const int64_t b_turned, call.attributes.Int("transB", 0));
  const Shape& b = call.inputs[1].shape;
  if (alpha != 1.0f || beta != 1.0f) return Unsupported("a scale");
  if (call.inputs[0].shape.dim(a_turned != 0 ? 1 : 0) != 1) return Unsupported("more than a row");
  const Extents extents{b.dim(b_turned != 0 ? 1 : 0), b.dim(b_turned != 0 ? 0 : 1), b_turned != 0};
  if (call.has_input(2) && call.inputs[2].shape.NumElements() != extents.outputs)
    return Unsupported("a C that is not one row");
  return extents;
}

Result<Extents> ExtentsOf(const OpCall& call) {
  for (const TensorSpec& input : call.inputs)
    if (input.shape.NumElements() == 0) return Unsupported("an empty tensor");
  TENTER_RETURN_IF_ERROR(RequireType(call, 0, DType::kFloat32));
  return call.op_type == "MatMul" ? OfMatMul(call) : OfGemm(call);
}

}  // namespace

bool IsRowProduct(const OpCall& call) { return ExtentsOf(call).ok(); }

MadeKernel MakeRowProduct(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Extents extents, ExtentsOf(call));
  if (!call.epilogue.empty()) return Unsupported("an epilogue");
  const Compute compute = OfThisMachine(extents.dots);
  const bool biased = call.has_input(2);
  const auto run = [=](Inputs inputs, Outputs outputs) {
    const Product product{inputs[0].data<float>(),
                          inputs[1].data<float>(),
                          biased ? inputs[2].data<float>() : nullptr,
                          outputs[0].mutable_data<float>(),
                          extents.depth,
                          extents.outputs};
    for (const Tensor& input : inputs)
      if (input.defined()) TsanReadRange(input.raw(), input.size_bytes());
    TsanWriteRange(product.out, outputs[0].size_bytes());
    compute(product);
  };
  return MakeLambda(run, "one row");
}

}  // namespace tenter
