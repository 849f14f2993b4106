#include "runtime/ops/onednn/depthwise.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "runtime/base/tsan.h"
#include "runtime/ops/onednn/kernel.h"
#include "runtime/ops/onednn/onednn.h"
#include "runtime/ops/own/depthwise_line.h"
#include "runtime/ops/window.h"

namespace tenter {
namespace {

// Where channels are fewer, so that a vector of them is not a whole one, the library is faster.
constexpr int64_t kChannelsMin = 32;
static_assert(kChannelsMin >= kDepthwiseChannelsMin);

// What bounds a sum before it is written.
Result<ClipBounds> EndOf(const OpCall& call) {
  if (call.epilogue.size() != 1) return Unsupported("no bound, or something behind it");
  const OpCall& op = call.epilogue[0];
  if (op.op_type == "Relu") return ClipBounds{0.0f, std::numeric_limits<float>::infinity()};
  if (op.op_type != "Clip") return Unsupported("another epilogue");
  TENTER_ASSIGN_OR_RETURN(const ClipBounds bounds, ClipBoundsOf(op));
  if (!(bounds.low <= bounds.high)) return Unsupported("bounds that exclude each other");
  return bounds;
}

Result<Window> WindowOfWeights(const OpCall& call) {
  const Shape& weights = call.inputs[1].shape;
  return WindowOf(call, {weights.dims().begin() + 2, weights.dims().end()});
}

class DepthwiseKernel final : public Kernel {
 public:
  DepthwiseKernel(const Window& window, int64_t batch, int64_t channels, const ClipBounds& end,
                  bool biased, PackedPages weights)
      : window_(window),
        batch_(batch),
        channels_(channels),
        end_(end),
        biased_(biased),
        weights_(std::move(weights)),
        zeros_(biased ? 0 : static_cast<size_t>(channels)),
        compute_(DepthwiseLinesOfThisMachine().front()) {}

  std::string_view implementation() const override { return "line by line"; }
  bool Reads(size_t input) const override { return input != 1; }
  void Run(Inputs inputs, Outputs outputs, const RunContext& context) const override;

 private:
  const Window window_;
  const int64_t batch_, channels_;
  const ClipBounds end_;
  const bool biased_;
  const PackedPages weights_;
  const std::vector<float> zeros_;  // the bias where there is none
  const ComputeDepthwiseLine compute_;
};

// ThreadSanitizer would take each element for itself, so it is told of the whole here.
void DepthwiseKernel::Run(Inputs inputs, Outputs outputs, const RunContext&) const {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (Reads(i) && inputs[i].defined()) TsanReadRange(inputs[i].raw(), inputs[i].size_bytes());
  TsanReadRange(weights_->data(), weights_->size_bytes());
  TsanWriteRange(outputs[0].mutable_raw(), outputs[0].size_bytes());
  const auto [height, width] = window_.input;
  const auto* const weights = reinterpret_cast<const float*>(weights_->data());
  DepthwiseLine line{.in_line = width * channels_,
                     .bias = biased_ ? inputs[2].data<float>() : zeros_.data(),
                     .out = outputs[0].mutable_data<float>(),
                     .channels = channels_,
                     .width = width,
                     .outputs = window_.output[1],
                     .taps = window_.kernel[1],
                     .stride = window_.strides[1],
                     .pad = window_.pads_begin[1],
                     .low = end_.low,
                     .high = end_.high};
  for (int64_t image = 0; image < batch_; ++image)
    for (int64_t y = 0; y < window_.output[0]; ++y) {
      const int64_t top = window_.Start(0, y), skipped = std::max<int64_t>(-top, 0);
      line.in = inputs[0].data<float>() + (image * height + top + skipped) * line.in_line;
      line.taps_down = std::min(window_.kernel[0], height - top) - skipped;
      line.lines_new = std::clamp<int64_t>(line.taps_down, 0, window_.strides[0]);
      line.weights = weights + skipped * line.taps * channels_;
      compute_(line);
      line.out += line.outputs * channels_;
    }
}

}  // namespace

bool WouldTakeDepthwise(const OpCall& head) {
  if (head.op_type != "Conv" || head.layout != Layout::kChannelsLast ||
      head.constant(1) == nullptr || !CheckForOneDnn(head).ok())
    return false;
  const Shape& weights = head.inputs[1].shape;
  const int64_t channels = head.image().dim(1);
  const auto groups = head.attributes.Int("group", 1);
  if (!groups.ok() || *groups != channels || weights.dim(0) != channels || weights.dim(1) != 1 ||
      channels < kChannelsMin || DepthwiseLinesOfThisMachine().empty())
    return false;
  const auto window = WindowOfWeights(head);
  if (!window.ok()) return false;
  const int64_t taps = window->kernel[1];
  return window->dilations == std::array<int64_t, 2>{1, 1} && window->pads_begin[1] < taps &&
         window->pads_end[1] < taps && TakesDepthwiseLine(taps, window->strides[1]);
}

bool TakesDepthwise(const OpCall& call) { return EndOf(call).ok() && WouldTakeDepthwise(call); }

MadeKernel MakeDepthwise(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Window window, WindowOfWeights(call));
  TENTER_ASSIGN_OR_RETURN(const ClipBounds end, EndOf(call));
  const int64_t channels = call.image().dim(1);
  const auto [down, across] = window.kernel;
  return TryOneDnn(call, [&](const dnnl::engine& engine) -> MadeKernel {
    const dnnl::memory::dims dims = {channels, 1, 1, down, across};
    const auto plain = DenseDesc(dims);
    const auto order = StridedDesc(dims, {1, channels, channels, across * channels, channels});
    const void* const weights = call.constant(1)->raw();
    const auto pack = [&] { return Pack(engine, weights, plain, order); };
    TENTER_ASSIGN_OR_RETURN(PackedPages pages, call.packed == nullptr
                                                   ? pack()
                                                   : call.packed->Get(weights, order, pack));
    return std::unique_ptr<Kernel>(std::make_unique<DepthwiseKernel>(
        window, call.inputs[0].shape.dim(0), channels, end, call.has_input(2), std::move(pages)));
  });
}

}  // namespace tenter
