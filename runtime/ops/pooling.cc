// MaxPool, AveragePool and GlobalAveragePool over one or two spatial axes.
#include <algorithm>
#include <array>
#include <limits>

#include "runtime/ops/calls.h"
#include "runtime/ops/onednn/onednn.h"
#include "runtime/ops/tables.h"
#include "runtime/ops/window.h"

namespace tenter {
namespace {

Result<Specs> InferPool(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Window window, PoolWindowOf(call));
  return Specs{{DType::kFloat32, WindowOutput(call, window, call.inputs[0].shape.dim(1))}};
}

// The cells of one axis that a window covers: `first`, `first + step`, ... below `end`, all inside
// the input. `padded` is how many there are when those in the padding that the node declares count
// too; cells that only rounding up added never do.
struct Cells {
  int64_t first;
  int64_t end;
  int64_t step;
  int64_t padded;
};

Cells CellsOf(const Window& window, size_t axis, int64_t out) {
  const int64_t start = window.Start(axis, out);
  const int64_t step = window.dilations[axis];
  const int64_t end = start + window.Span(axis);
  const int64_t padded_end = std::min(end, window.input[axis] + window.pads_end[axis]);
  const int64_t skipped = start < 0 ? (-start + step - 1) / step : 0;
  return {start + skipped * step, std::min(end, window.input[axis]), step,
          (padded_end - start + step - 1) / step};
}

float MaxOver(const float* image, int64_t width, const Cells& rows, const Cells& columns) {
  float best = -std::numeric_limits<float>::infinity();
  for (int64_t y = rows.first; y < rows.end; y += rows.step)
    for (int64_t x = columns.first; x < columns.end; x += columns.step)
      best = std::max(best, image[y * width + x]);
  return best;
}

// Sums in row-major order, in float.
float MeanOver(const float* image, int64_t width, const Cells& rows, const Cells& columns,
               bool count_padding) {
  float sum = 0.0f;
  int64_t count = 0;
  for (int64_t y = rows.first; y < rows.end; y += rows.step)
    for (int64_t x = columns.first; x < columns.end; x += columns.step, ++count)
      sum += image[y * width + x];
  if (count_padding) count = rows.padded * columns.padded;
  return sum / static_cast<float>(std::max<int64_t>(count, 1));
}

// A kernel that computes each output element as reduce(image, rows, columns).
template <typename Reduce>
MadeKernel MakePool(const Window& window, Reduce reduce) {
  return MakeLambda([window, reduce](Inputs inputs, Outputs outputs) {
    const int64_t planes = inputs[0].shape().NumElements(0, 2);
    float* out = outputs[0].mutable_data<float>();
    for (int64_t plane = 0; plane < planes; ++plane) {
      const float* const image =
          inputs[0].data<float>() + plane * window.input[0] * window.input[1];
      for (int64_t row = 0; row < window.output[0]; ++row)
        for (int64_t column = 0; column < window.output[1]; ++column)
          *out++ = reduce(image, CellsOf(window, 0, row), CellsOf(window, 1, column));
    }
  });
}

MadeKernel MakeMaxPool(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Window window, PoolWindowOf(call));
  return MakePool(window, [width = window.input[1]](const float* image, const Cells& rows,
                                                    const Cells& columns) {
    return MaxOver(image, width, rows, columns);
  });
}

MadeKernel MakeAveragePool(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Window window, PoolWindowOf(call));
  TENTER_ASSIGN_OR_RETURN(const int64_t count_padding, call.attributes.Int("count_include_pad", 0));
  return MakePool(window, [width = window.input[1], count_padding](
                              const float* image, const Cells& rows, const Cells& columns) {
    return MeanOver(image, width, rows, columns, count_padding != 0);
  });
}

Result<Specs> InferGlobalPool(const OpCall& call) {
  TENTER_RETURN_IF_ERROR(RequireType(call, 0, DType::kFloat32));
  const Shape& input = call.inputs[0].shape;
  if (input.rank() < 3) return Invalid("an input of rank " + std::to_string(input.rank()));
  std::vector<int64_t> dims(static_cast<size_t>(input.rank()), 1);
  dims[0] = input.dim(0);
  dims[1] = input.dim(1);
  if (input.NumElements(2, input.rank()) == 0) return Invalid("a mean over nothing");
  return Specs{{DType::kFloat32, Shape(std::move(dims))}};
}

MadeKernel MakeGlobalAveragePool(const OpCall& call) {
  const Shape& input = call.inputs[0].shape;
  const int64_t size = input.NumElements(2, input.rank());
  return MakeLambda([planes = input.NumElements(0, 2), size](Inputs inputs, Outputs outputs) {
    const Cells all{0, size, 1, size};
    const Cells one{0, 1, 1, 1};
    for (int64_t plane = 0; plane < planes; ++plane)
      outputs[0].mutable_data<float>()[plane] =
          MeanOver(inputs[0].data<float>() + plane * size, size, one, all, false);
  });
}

constexpr std::string_view kAutoPads = "NOTSET|VALID|SAME_UPPER|SAME_LOWER";
constexpr AttributeRule kMaxPoolRules[] = {
    {"auto_pad", kAutoPads}, {"ceil_mode", "0|1"}, {"dilations"}, {"kernel_shape"}, {"pads"},
    {"storage_order"},       {"strides"}};
constexpr AttributeRule kAveragePoolRules[] = {{"auto_pad", kAutoPads},
                                               {"ceil_mode", "0|1"},
                                               {"count_include_pad"},
                                               {"kernel_shape"},
                                               {"pads"},
                                               {"strides"}};

constexpr std::array kOps = {
    OpType{"MaxPool", kOpsetMin, kOpsetMax, 1, 1, 1, kMaxPoolRules, InferPool, MakeMaxPool,
           MakeOneDnnPooling},
    OpType{"AveragePool", kOpsetMin, kOpsetMax, 1, 1, 1, kAveragePoolRules, InferPool,
           MakeAveragePool, MakeOneDnnPooling},
    OpType{"GlobalAveragePool",
           kOpsetMin,
           kOpsetMax,
           1,
           1,
           1,
           {},
           InferGlobalPool,
           MakeGlobalAveragePool,
           MakeOneDnnPooling},
};

}  // namespace

std::span<const OpType> PoolingOps() { return kOps; }

}  // namespace tenter
