// Conv: groups, strides, dilations and padding over one or two spatial axes.
#include <algorithm>
#include <array>

#include "runtime/ops/calls.h"
#include "runtime/ops/onednn/onednn.h"
#include "runtime/ops/tables.h"
#include "runtime/ops/window.h"

namespace tenter {
namespace {

Result<Specs> InferConv(const OpCall& call) {
  for (size_t i = 0; i < call.inputs.size(); ++i)
    TENTER_RETURN_IF_ERROR(RequireType(call, i, DType::kFloat32));
  const Shape& input = call.inputs[0].shape;
  const Shape& weights = call.inputs[1].shape;
  if (input.rank() < 3 || weights.rank() != input.rank())
    return Invalid("input and weights differ in rank");
  TENTER_ASSIGN_OR_RETURN(const int64_t groups, call.attributes.Int("group", 1));
  if (groups < 1 || weights.dim(0) % groups != 0 || input.dim(1) % groups != 0 ||
      input.dim(1) / groups != weights.dim(1))
    return Invalid("the channels do not fit (" + std::to_string(groups) + " groups)");
  if (call.has_input(2) && call.inputs[2].shape != Shape{weights.dim(0)})
    return Invalid("the bias does not fit");
  const std::vector<int64_t> kernel(weights.dims().begin() + 2, weights.dims().end());
  TENTER_ASSIGN_OR_RETURN(const Window window, WindowOf(call, kernel));
  return Specs{{DType::kFloat32, WindowOutput(call, window, weights.dim(0))}};
}

struct ConvLoops {
  Window window;
  int64_t batch;
  int64_t groups;
  int64_t group_inputs;   // input channels of one group
  int64_t group_outputs;  // output channels of one group

  // One row of an output channel. Each tap of the kernel adds its share to all columns, so that
  // the loop over these can be vectors, and each element is a sum over channel, row and column of
  // the kernel, in this order, in float. `image` and `kernel` point at the first channel of the
  // group.
  void Row(const float* image, const float* kernel, int64_t row, float* out) const {
    const auto [height, width] = window.input;
    std::fill_n(out, window.output[1], 0.0f);
    for (int64_t c = 0; c < group_inputs; ++c)
      for (int64_t i = 0; i < window.kernel[0]; ++i) {
        const int64_t y = window.Start(0, row) + i * window.dilations[0];
        if (y < 0 || y >= height) continue;
        for (int64_t j = 0; j < window.kernel[1]; ++j)
          AddTap(image + (c * height + y) * width, *kernel_at(kernel, c, i, j), j, out);
      }
  }

  const float* kernel_at(const float* kernel, int64_t c, int64_t i, int64_t j) const {
    return kernel + (c * window.kernel[0] + i) * window.kernel[1] + j;
  }

  // Adds weight * line[x] to each column whose tap `j` lies inside the line, at x.
  void AddTap(const float* line, float weight, int64_t j, float* out) const {
    const int64_t stride = window.strides[1], shift = window.Start(1, 0) + j * window.dilations[1];
    const int64_t first = shift < 0 ? (stride - 1 - shift) / stride : 0;
    const int64_t inside = window.input[1] - shift;  // columns * stride stay below it
    const int64_t end = std::min(window.output[1], inside <= 0 ? 0 : (inside - 1) / stride + 1);
    for (int64_t column = first; column < end; ++column)
      out[column] += weight * line[column * stride + shift];
  }

  void Run(Inputs inputs, Outputs outputs) const {
    const float* const bias =
        inputs.size() > 2 && inputs[2].defined() ? inputs[2].data<float>() : nullptr;
    const int64_t image_size = group_inputs * window.input[0] * window.input[1];
    const int64_t kernel_size = group_inputs * window.kernel[0] * window.kernel[1];
    float* out = outputs[0].mutable_data<float>();
    for (int64_t n = 0; n < batch; ++n)
      for (int64_t channel = 0; channel < groups * group_outputs; ++channel) {
        const int64_t group = channel / group_outputs;
        const float* const image = inputs[0].data<float>() + (n * groups + group) * image_size;
        const float* const kernel = inputs[1].data<float>() + channel * kernel_size;
        for (int64_t row = 0; row < window.output[0]; ++row, out += window.output[1]) {
          Row(image, kernel, row, out);
          if (bias == nullptr) continue;
          for (int64_t column = 0; column < window.output[1]; ++column)
            out[column] += bias[channel];
        }
      }
  }
};

MadeKernel MakeConv(const OpCall& call) {
  const Shape& weights = call.inputs[1].shape;
  const std::vector<int64_t> kernel(weights.dims().begin() + 2, weights.dims().end());
  TENTER_ASSIGN_OR_RETURN(const Window window, WindowOf(call, kernel));
  TENTER_ASSIGN_OR_RETURN(const int64_t groups, call.attributes.Int("group", 1));
  const ConvLoops loops{window, call.inputs[0].shape.dim(0), groups, weights.dim(1),
                        weights.dim(0) / groups};
  return MakeLambda([loops](Inputs inputs, Outputs outputs) { loops.Run(inputs, outputs); });
}

constexpr AttributeRule kConvRules[] = {{"auto_pad", "NOTSET|VALID|SAME_UPPER|SAME_LOWER"},
                                        {"dilations"},
                                        {"group"},
                                        {"kernel_shape"},
                                        {"pads"},
                                        {"strides"}};

constexpr std::array kOps = {OpType{"Conv", kOpsetMin, kOpsetMax, 2, 3, 1, kConvRules, InferConv,
                                    MakeConv, MakeOneDnnConvolution}};

}  // namespace

std::span<const OpType> ConvolutionOps() { return kOps; }

}  // namespace tenter
