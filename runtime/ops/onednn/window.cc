// oneDNN kernels of the ops that slide a window: Conv and the poolings.
#include "runtime/ops/window.h"

#include "runtime/ops/onednn/kernel.h"
#include "runtime/ops/onednn/onednn.h"

namespace tenter {
namespace {

using Dims = dnnl::memory::dims;

Dims ToDims(const std::array<int64_t, 2>& values) { return {values[0], values[1]}; }

// A dilation in oneDNN is the number of cells between two taps, in ONNX it is their distance.
Dims Gaps(const Window& window) { return {window.dilations[0] - 1, window.dilations[1] - 1}; }

// oneDNN checks the output size against the padding, and knows no rounding up: where ceil_mode
// added a window, the trailing padding grows until that fits.
Dims TrailingPads(const Window& window) {
  Dims pads;
  for (size_t i = 0; i < 2; ++i)
    pads.push_back(std::max(window.pads_end[i], window.Start(i, window.output[i] - 1) +
                                                    window.Span(i) - window.input[i]));
  return pads;
}

Dims ImageDims(int64_t batch, int64_t channels, const std::array<int64_t, 2>& spatial) {
  return {batch, channels, spatial[0], spatial[1]};
}

Result<Window> GlobalWindow(const Shape& input) {
  if (input.rank() != 3 && input.rank() != 4) return Unsupported("another rank");
  const std::array<int64_t, 2> all = {input.rank() == 4 ? input.dim(2) : 1, input.dim(-1)};
  return Window{all, all, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {1, 1}};
}

}  // namespace

MadeKernel MakeOneDnnConvolution(const OpCall& call) {
  const Shape& weights = call.inputs[1].shape;
  const std::vector<int64_t> kernel(weights.dims().begin() + 2, weights.dims().end());
  TENTER_ASSIGN_OR_RETURN(const Window window, WindowOf(call, kernel));
  TENTER_ASSIGN_OR_RETURN(const int64_t groups, call.attributes.Int("group", 1));
  const int64_t outputs = weights.dim(0);
  const Shape& input = call.inputs[0].shape;
  const auto source = DenseDesc(ImageDims(input.dim(0), input.dim(1), window.input));
  const auto target = DenseDesc(ImageDims(input.dim(0), outputs, window.output));
  Dims filter_dims = {outputs / groups, weights.dim(1), window.kernel[0], window.kernel[1]};
  if (groups > 1) filter_dims.insert(filter_dims.begin(), groups);
  const auto filter = DenseDesc(filter_dims);
  const auto bias = call.has_input(2) ? DenseDesc({outputs}) : dnnl::memory::desc();
  return TryOneDnn(call, [&](const dnnl::engine& engine) {
    const dnnl::convolution_forward::primitive_desc description(
        engine, dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, source,
        filter, bias, target, ToDims(window.strides), Gaps(window), ToDims(window.pads_begin),
        TrailingPads(window), UserScratchpad());
    std::vector<OneDnnBinding> bindings = {{DNNL_ARG_SRC, false, 0, source},
                                           {DNNL_ARG_WEIGHTS, false, 1, filter},
                                           {DNNL_ARG_DST, true, 0, target}};
    if (call.has_input(2)) bindings.push_back({DNNL_ARG_BIAS, false, 2, bias});
    return MadeOneDnn<dnnl::convolution_forward>(engine, description, std::move(bindings));
  });
}

MadeKernel MakeOneDnnPooling(const OpCall& call) {
  const bool global = call.op_type == "GlobalAveragePool";
  const Shape& input = call.inputs[0].shape;
  TENTER_ASSIGN_OR_RETURN(const Window window, global ? GlobalWindow(input) : PoolWindowOf(call));
  TENTER_ASSIGN_OR_RETURN(const int64_t count_padding, call.attributes.Int("count_include_pad", 0));
  const Dims trailing = TrailingPads(window);
  // Where rounding up added cells, oneDNN would count them as padding, and ONNX does not.
  if (count_padding != 0 && trailing != ToDims(window.pads_end)) return Unsupported("ceil_mode");
  const auto source = DenseDesc(ImageDims(input.dim(0), input.dim(1), window.input));
  const auto target = DenseDesc(ImageDims(input.dim(0), input.dim(1), window.output));
  const auto algorithm = call.op_type == "MaxPool" ? dnnl::algorithm::pooling_max
                         : count_padding != 0      ? dnnl::algorithm::pooling_avg_include_padding
                                                   : dnnl::algorithm::pooling_avg_exclude_padding;
  return TryOneDnn(call, [&](const dnnl::engine& engine) {
    const dnnl::pooling_forward::primitive_desc description(
        engine, dnnl::prop_kind::forward_inference, algorithm, source, target,
        ToDims(window.strides), ToDims(window.kernel), Gaps(window), ToDims(window.pads_begin),
        trailing, UserScratchpad());
    return MadeOneDnn<dnnl::pooling_forward>(
        engine, description, {{DNNL_ARG_SRC, false, 0, source}, {DNNL_ARG_DST, true, 0, target}});
  });
}

}  // namespace tenter
