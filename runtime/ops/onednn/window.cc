// oneDNN kernels of the ops that slide a window: Conv and the poolings.
#include "runtime/ops/window.h"

#include <string_view>

#include "runtime/ops/onednn/kernel.h"
#include "runtime/ops/onednn/onednn.h"
#include "runtime/ops/onednn/post_ops.h"

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

// An image of float32 as the call has it.
dnnl::memory::desc ImageDesc(const OpCall& call, int64_t batch, int64_t channels,
                             const std::array<int64_t, 2>& spatial) {
  const auto [height, width] = spatial;
  const Dims dims = {batch, channels, height, width};
  if (call.layout == Layout::kChannelsFirst) return DenseDesc(dims);
  return StridedDesc(dims, {height * width * channels, 1, width * channels, channels});
}

Result<Window> GlobalWindow(const Shape& input) {
  if (input.rank() != 3 && input.rank() != 4) return Unsupported("another rank");
  const std::array<int64_t, 2> all = {input.rank() == 4 ? input.dim(2) : 1, input.dim(-1)};
  return Window{all, all, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {1, 1}};
}

// A convolution as the library wants it described.
struct Convolution {
  Window window;
  bool per_channel;  // each channel is a group
  dnnl::memory::desc source, target, bias;
  dnnl::memory::desc plain;    // the weights as they lie in the parameters
  dnnl::memory::desc weights;  // and as the kernel may have them: so, or in any order
  PostOps post_ops;

  using Description = dnnl::convolution_forward::primitive_desc;

  Description Describe(const dnnl::engine& engine) const {
    return {engine,
            dnnl::prop_kind::forward_inference,
            dnnl::algorithm::convolution_direct,
            source,
            weights,
            bias,
            target,
            ToDims(window.strides),
            Gaps(window),
            ToDims(window.pads_begin),
            TrailingPads(window),
            post_ops.attr};
  }

  // The fastest implementation. For one channel per group that is not the first of the library's
  // list, which is up to 2.5 times slower, but the one that is generated for this case.
  Description Best(const dnnl::engine& engine) const {
    const Description first = Describe(engine);
    if (!per_channel) return first;
    // By itself, since a copy would share the place in the list.
    for (Description next = Describe(engine);;) {
      if (std::string_view(next.impl_info_str()).starts_with("jit_dw")) return next;
      if (!next.next_impl()) return first;
    }
  }
};

Result<Convolution> ConvolutionOf(const OpCall& call) {
  const Shape& weights = call.inputs[1].shape;
  const std::vector<int64_t> kernel(weights.dims().begin() + 2, weights.dims().end());
  Convolution made;
  TENTER_ASSIGN_OR_RETURN(made.window, WindowOf(call, kernel));
  TENTER_ASSIGN_OR_RETURN(const int64_t groups, call.attributes.Int("group", 1));
  const int64_t outputs = weights.dim(0);
  const Shape input = call.image();
  made.per_channel = groups > 1 && groups == input.dim(1) && groups == outputs;
  made.source = ImageDesc(call, input.dim(0), input.dim(1), made.window.input);
  made.target = ImageDesc(call, input.dim(0), outputs, made.window.output);
  Dims dims = {outputs / groups, weights.dim(1), made.window.kernel[0], made.window.kernel[1]};
  if (groups > 1) dims.insert(dims.begin(), groups);
  made.plain = made.weights = DenseDesc(dims);
  if (call.has_input(2)) made.bias = DenseDesc({outputs});
  TENTER_ASSIGN_OR_RETURN(made.post_ops, PostOpsOf(call));
  return made;
}

// The weights in the order that the kernel chose: as they lie, or packed.
Status BindWeights(const OpCall& call, const dnnl::engine& engine, const Convolution& convolution,
                   const dnnl::memory::desc& chosen, std::vector<OneDnnBinding>* bindings,
                   std::vector<OneDnnConstant>* constants) {
  if (chosen == convolution.plain) {
    bindings->push_back({DNNL_ARG_WEIGHTS, false, 1, chosen});
    return {};
  }
  const void* const plain = call.constant(1)->raw();
  const auto pack = [&] { return Pack(engine, plain, convolution.plain, chosen); };
  TENTER_ASSIGN_OR_RETURN(PackedPages pages,
                          call.packed == nullptr ? pack() : call.packed->Get(plain, chosen, pack));
  constants->push_back({DNNL_ARG_WEIGHTS, chosen, std::move(pages)});
  return {};
}

}  // namespace

MadeKernel MakeOneDnnConvolution(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(Convolution convolution, ConvolutionOf(call));
  // With the channels last no fast kernel reads plain weights: they are packed, if they are known.
  if (call.layout == Layout::kChannelsLast && call.constant(1) != nullptr)
    convolution.weights = dnnl::memory::desc(
        convolution.plain.get_dims(), dnnl::memory::data_type::f32, dnnl::memory::format_tag::any);
  return TryOneDnn(call, [&](const dnnl::engine& engine) -> MadeKernel {
    const auto description = convolution.Best(engine);
    if (IsReferenceCode(description.impl_info_str())) return Unsupported("only reference code");
    std::vector<OneDnnBinding> bindings = {{DNNL_ARG_SRC, false, 0, convolution.source},
                                           {DNNL_ARG_DST, true, 0, convolution.target}};
    std::vector<OneDnnConstant> constants;
    TENTER_RETURN_IF_ERROR(
        BindWeights(call, engine, convolution, description.weights_desc(), &bindings, &constants));
    if (call.has_input(2)) bindings.push_back({DNNL_ARG_BIAS, false, 2, convolution.bias});
    for (const OneDnnBinding& binding : convolution.post_ops.bindings) bindings.push_back(binding);
    return MadeOneDnn<dnnl::convolution_forward>(engine, description, std::move(bindings),
                                                 std::move(constants));
  });
}

MadeKernel MakeOneDnnPooling(const OpCall& call) {
  const bool global = call.op_type == "GlobalAveragePool";
  const Shape input = call.image();
  TENTER_ASSIGN_OR_RETURN(const Window window, global ? GlobalWindow(input) : PoolWindowOf(call));
  TENTER_ASSIGN_OR_RETURN(const int64_t count_padding, call.attributes.Int("count_include_pad", 0));
  const Dims trailing = TrailingPads(window);
  // Where rounding up added cells, oneDNN would count them as padding, and ONNX does not.
  if (count_padding != 0 && trailing != ToDims(window.pads_end)) return Unsupported("ceil_mode");
  const auto source = ImageDesc(call, input.dim(0), input.dim(1), window.input);
  const auto target = ImageDesc(call, input.dim(0), input.dim(1), window.output);
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
