#include "runtime/ops/own/row_arithmetic.h"

#include <functional>

#include "runtime/ops/broadcast.h"

namespace tenter {
namespace {

// From so many numbers on, in rows of so many, the library's wide vectors win. Measured for images
// of an OCR classifier: 1.1 us for 1,152 rows of 8 where the library takes 6.8, 2.8 and 3.2 us for
// 192 rows of 200.
constexpr int64_t kMany = 40'000, kLongRow = 16;

template <typename Op>
MadeKernel Make(int64_t rows, int64_t columns, size_t whole, Op op) {
  const auto run = [=](Inputs inputs, Outputs outputs) {
    const float* in = inputs[whole].data<float>();
    const float* const row = inputs[1 - whole].data<float>();
    float* out = outputs[0].mutable_data<float>();
    for (int64_t i = 0; i < rows; ++i, in += columns, out += columns)
      for (int64_t k = 0; k < columns; ++k)
        out[k] = whole == 0 ? op(in[k], row[k]) : op(row[k], in[k]);
  };
  return MakeLambda(run, "row by row");
}

}  // namespace

MadeKernel MakeRowArithmetic(const OpCall& call) {
  if (call.inputs.size() != 2 || call.inputs[0].dtype != DType::kFloat32)
    return Unsupported("other operands");
  TENTER_ASSIGN_OR_RETURN(const Shape out,
                          BroadcastShapes(call.inputs[0].shape, call.inputs[1].shape));
  if (out.rank() == 0 || out.NumElements() == 0) return Unsupported("no rows");
  const int64_t columns = out.dim(-1);
  const size_t whole = call.inputs[0].shape.NumElements() == out.NumElements() ? 0 : 1;
  const Shape& row = call.inputs[1 - whole].shape;
  if (call.inputs[whole].shape.NumElements() != out.NumElements() || row.rank() == 0 ||
      row.dim(-1) != columns || row.NumElements() != columns)
    return Unsupported("an operand that is no row");
  if (out.NumElements() > kMany && columns >= kLongRow) return Unsupported("long rows, and many");
  const int64_t rows = out.NumElements() / columns;
  if (call.op_type == "Add" || call.op_type == "Sum")
    return Make(rows, columns, whole, std::plus<float>());
  if (call.op_type == "Sub") return Make(rows, columns, whole, std::minus<float>());
  if (call.op_type == "Mul") return Make(rows, columns, whole, std::multiplies<float>());
  if (call.op_type == "Div") return Make(rows, columns, whole, std::divides<float>());
  return Unsupported("no arithmetic");
}

}  // namespace tenter
