#include "runtime/ops/own/row_arithmetic.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/tsan.h"
#include "runtime/ops/broadcast.h"
#include "runtime/ops/own/vectors.h"

namespace tenter {
namespace {

enum class Arithmetic { kAdd, kSub, kSubFrom, kMul, kDiv, kDivInto };

// Each row of `in`, with `row`.
struct Rows {
  Arithmetic arithmetic;
  const float* in;
  const float* row;
  float* out;
  int64_t rows, columns;
};

template <Arithmetic kArithmetic, typename V>
TENTER_INLINE void Apply(const float* in, const float* row, float* out) {
  V a, b;
  std::memcpy(&a, in, sizeof(V));
  std::memcpy(&b, row, sizeof(V));
  if constexpr (kArithmetic == Arithmetic::kAdd) a = a + b;
  if constexpr (kArithmetic == Arithmetic::kSub) a = a - b;
  if constexpr (kArithmetic == Arithmetic::kSubFrom) a = b - a;
  if constexpr (kArithmetic == Arithmetic::kMul) a = a * b;
  if constexpr (kArithmetic == Arithmetic::kDiv) a = a / b;
  if constexpr (kArithmetic == Arithmetic::kDivInto) a = b / a;
  std::memcpy(out, &a, sizeof(V));
}

// The last numbers of a row are computed twice where they are no whole vector.
template <Arithmetic kArithmetic, int kWidth>
TENTER_INLINE void ApplyToRows(const Rows rows) {
  using V = typename Vectors<kWidth>::Type;
  const float* in = rows.in;
  float* out = rows.out;
  for (int64_t i = 0; i < rows.rows; ++i, in += rows.columns, out += rows.columns) {
    if (rows.columns < kWidth)
      for (int64_t k = 0; k < rows.columns; ++k)
        Apply<kArithmetic, float>(in + k, rows.row + k, out + k);
    else
      for (int64_t next = 0; next < rows.columns; next += kWidth) {
        const int64_t k = std::min(next, rows.columns - kWidth);
        Apply<kArithmetic, V>(in + k, rows.row + k, out + k);
      }
  }
}

template <int kWidth>
TENTER_INLINE void ApplyTo(const Rows& rows) {
  switch (rows.arithmetic) {
    case Arithmetic::kAdd:
      return ApplyToRows<Arithmetic::kAdd, kWidth>(rows);
    case Arithmetic::kSub:
      return ApplyToRows<Arithmetic::kSub, kWidth>(rows);
    case Arithmetic::kSubFrom:
      return ApplyToRows<Arithmetic::kSubFrom, kWidth>(rows);
    case Arithmetic::kMul:
      return ApplyToRows<Arithmetic::kMul, kWidth>(rows);
    case Arithmetic::kDiv:
      return ApplyToRows<Arithmetic::kDiv, kWidth>(rows);
    case Arithmetic::kDivInto:
      return ApplyToRows<Arithmetic::kDivInto, kWidth>(rows);
  }
}

#define TENTER_VARIANT(name, machine, width)                                         \
  TENTER_UNSEEN __attribute__((target(machine))) void name##Rows(const Rows& rows) { \
    ApplyTo<width>(rows);                                                            \
  }

using Compute = void (*)(const Rows&);

#if defined(__x86_64__)
TENTER_FOR_EACH_MACHINE(TENTER_VARIANT)

// With vectors that a row has one of.
Compute ComputeFor(int64_t columns) {
  const int64_t width = std::min<int64_t>(WidthOfThisMachine(), columns);
  return ForWidth(width, WidestRows, WideRows, PlainRows);
}
#else
Compute ComputeFor(int64_t) { return ApplyTo<4>; }
#endif

// `whole`: which operand has all the rows.
Result<Arithmetic> ArithmeticOf(const OpCall& call, size_t whole) {
  if (call.op_type == "Add" || call.op_type == "Sum") return Arithmetic::kAdd;
  if (call.op_type == "Mul") return Arithmetic::kMul;
  if (call.op_type == "Sub") return whole == 0 ? Arithmetic::kSub : Arithmetic::kSubFrom;
  if (call.op_type == "Div") return whole == 0 ? Arithmetic::kDiv : Arithmetic::kDivInto;
  return Unsupported("no arithmetic");
}

}  // namespace

MadeKernel MakeRowArithmetic(const OpCall& call) {
  if (call.inputs.size() != 2 || call.inputs[0].dtype != DType::kFloat32)
    return Unsupported("other operands");
  TENTER_ASSIGN_OR_RETURN(const Shape out,
                          BroadcastShapes(call.inputs[0].shape, call.inputs[1].shape));
  if (out.rank() == 0 || out.NumElements() == 0) return Unsupported("no rows");
  const int64_t columns = out.dim(-1), count = out.NumElements();
  const size_t whole = call.inputs[0].shape.NumElements() == count ? 0 : 1;
  const Shape& row = call.inputs[1 - whole].shape;
  if (call.inputs[whole].shape.NumElements() != count || row.rank() == 0 ||
      row.dim(-1) != columns || row.NumElements() != columns)
    return Unsupported("an operand that is no row");
  TENTER_ASSIGN_OR_RETURN(const Arithmetic arithmetic, ArithmeticOf(call, whole));
  const Compute compute = ComputeFor(columns);
  const auto run = [=](Inputs inputs, Outputs outputs) {
    for (const Tensor& input : inputs) TsanReadRange(input.raw(), input.size_bytes());
    TsanWriteRange(outputs[0].mutable_raw(), outputs[0].size_bytes());
    compute({arithmetic, inputs[whole].data<float>(), inputs[1 - whole].data<float>(),
             outputs[0].mutable_data<float>(), count / columns, columns});
  };
  return MakeLambda(run, "row by row");
}

}  // namespace tenter
