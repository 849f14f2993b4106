#include "runtime/ops/onednn/winograd.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "runtime/base/tsan.h"
#include "runtime/device/memory.h"
#include "runtime/ops/onednn/kernel.h"
#include "runtime/ops/onednn/onednn.h"
#include "runtime/ops/own/winograd_transforms.h"
#include "runtime/ops/window.h"

namespace tenter {
namespace {

constexpr auto kCells = static_cast<int64_t>(kWinogradCells);

// With fewer tiles the 36 matrices of weights are read for too little, and with fewer products in
// each of them the calls cost more than they save. Measured: the table in ops/README.md.
constexpr int64_t kTilesMin = 16, kProductsMin = 100'000;
// What a block needs fits the second cache for 64 channels, and more tiles gain nothing for more.
constexpr int64_t kBlockTiles = 49;

// What is done to the sums before they are written: scaled and shifted channel by channel, the
// bias too, then an image is added, then they are bounded.
struct End {
  std::vector<double> scale, shift;
  size_t added = 0;  // the place of the image among the inputs; 0: there is none
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

// Multiplies or shifts by what is known of each channel, or of all.
void TakeConstant(const OpCall& op, const Tensor& constant, End* end) {
  const float* const values = constant.data<float>();
  const size_t step = constant.shape().NumElements() == 1 ? 0 : 1;
  for (size_t c = 0; c < end->shift.size(); ++c) {
    const float value = values[c * step];
    end->shift[c] = op.op_type == "Mul" ? end->shift[c] * value : end->shift[c] + value;
    if (op.op_type == "Mul") end->scale[c] *= value;
  }
}

// `place`: of the operand among the inputs of the call.
Status TakeArithmetic(const OpCall& op, size_t place, End* end) {
  const size_t other = 1 - op.carried;
  if (op.inputs.size() != 2) return Unsupported("more operands");
  if (op.op_type != "Mul" && op.op_type != "Add" && op.op_type != "Sum")
    return Unsupported("other arithmetic");
  const Shape& operand = op.inputs[other].shape;
  const auto channels = static_cast<int64_t>(end->shift.size());
  const bool of_channels =
      operand.NumElements() == 1 ||
      (operand.NumElements() == channels && operand.rank() > 0 && operand.dim(-1) == channels);
  if (of_channels && op.constant(other) != nullptr && end->added == 0) {
    TakeConstant(op, *op.constant(other), end);
    return {};
  }
  if (op.op_type == "Mul" || end->added > 0 || op.inputs[0] != op.inputs[1])
    return Unsupported("another operand");
  end->added = place;
  return {};
}

Status TakeBound(const OpCall& op, End* end) {
  if (op.op_type == "Relu") {
    end->low = 0.0f;
    return {};
  }
  TENTER_ASSIGN_OR_RETURN(const ClipBounds bounds, ClipBoundsOf(op));
  if (!(bounds.low <= bounds.high)) return Unsupported("bounds that exclude each other");
  end->low = bounds.low;
  end->high = bounds.high;
  return {};
}

// Whether a float holds each of them as well as a larger or a smaller one.
bool AreFloats(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) {
    const auto rounded = static_cast<float>(value);
    return value == 0.0 || std::isnormal(rounded);
  });
}

Result<End> EndOf(const OpCall& call) {
  const auto channels = static_cast<size_t>(call.inputs[1].shape.dim(0));
  End end{std::vector<double>(channels, 1.0), std::vector<double>(channels)};
  if (call.has_input(2)) {
    if (call.constant(2) == nullptr) return Unsupported("a bias that is not known");
    std::copy_n(call.constant(2)->data<float>(), channels, end.shift.begin());
  }
  size_t place = call.inputs.size();
  for (const OpCall& op : call.epilogue) {
    const bool bounds = op.op_type == "Relu" || op.op_type == "Clip";
    if (bounds && &op != &call.epilogue.back()) return Unsupported("something behind a bound");
    TENTER_RETURN_IF_ERROR(bounds ? TakeBound(op, &end) : TakeArithmetic(op, place, &end));
    place += op.inputs.size() - 1;
  }
  if (!AreFloats(end.scale) || !AreFloats(end.shift)) return Unsupported("scales beyond a float");
  return end;
}

// Where the tiles of a convolution lie.
struct Tiling {
  int64_t batch, inputs, outputs;  // channels of each
  Window window;

  int64_t rows() const { return Divide(window.output[0]); }
  int64_t columns() const { return Divide(window.output[1]); }
  int64_t tiles() const { return batch * rows() * columns(); }
  // Blocks as even as can be. An odd number of tiles, since a cell of the next matrix would else
  // fall on the same lines of the cache.
  int64_t block() const {
    const int64_t blocks = (tiles() + kBlockTiles - 1) / kBlockTiles;
    return (tiles() + blocks - 1) / blocks | 1;
  }

  // Where the output of tile `number` begins.
  struct Place {
    int64_t image, y, x;
  };
  Place Of(int64_t number) const {
    return {number / (rows() * columns()), number / columns() % rows() * kWinogradOutputs,
            number % columns() * kWinogradOutputs};
  }

 private:
  static int64_t Divide(int64_t extent) {
    return (extent + kWinogradOutputs - 1) / kWinogradOutputs;
  }
};

Result<Tiling> TilingOf(const OpCall& call) {
  const Shape& weights = call.inputs[1].shape;
  Tiling tiling{call.inputs[0].shape.dim(0), weights.dim(1), weights.dim(0), {}};
  TENTER_ASSIGN_OR_RETURN(tiling.window, WindowOf(call, {3, 3}));
  return tiling;
}

class WinogradKernel final : public Kernel {
 public:
  WinogradKernel(const Tiling& tiling, End end, std::unique_ptr<Kernel> product)
      : tiling_(tiling),
        end_(std::move(end)),
        scale_(end_.scale.begin(), end_.scale.end()),
        shift_(end_.shift.begin(), end_.shift.end()),
        product_(std::move(product)),
        transforms_(WinogradTransforms::OfThisMachine().front()),
        zeros_(static_cast<size_t>(tiling.inputs)) {}

  size_t scratch_bytes() const override {
    return AlignUp(BytesOf(tiling_.inputs)) + AlignUp(BytesOf(tiling_.outputs)) +
           product_->scratch_bytes();
  }
  std::string_view implementation() const override { return "winograd 4x4"; }
  std::unique_ptr<KernelState> MakeState() const override { return product_->MakeState(); }
  void Run(Inputs inputs, Outputs outputs, const RunContext& context) const override;

 private:
  size_t BytesOf(int64_t channels) const {
    return static_cast<size_t>(kCells * tiling_.block() * channels) * sizeof(float);
  }
  Tensor Matrices(int64_t channels, std::byte* memory) const {
    return Tensor::Borrow({DType::kFloat32, {kCells, tiling_.block(), channels}}, memory);
  }
  void ToCells(const float* image, int64_t tile, float* to) const;
  void FromCells(const float* from, int64_t tile, WinogradTarget target) const;

  const Tiling tiling_;
  const End end_;
  const std::vector<float> scale_, shift_;  // those of the end
  const std::unique_ptr<Kernel> product_;
  const WinogradTransforms transforms_;
  const std::vector<float> zeros_;  // the channels of a cell outside of the image
};

void WinogradKernel::ToCells(const float* image, int64_t tile, float* to) const {
  const auto [height, width] = tiling_.window.input;
  const Tiling::Place place = tiling_.Of(tile);
  const int64_t top = tiling_.window.Start(0, place.y), left = tiling_.window.Start(1, place.x);
  std::array<const float*, kWinogradCells> cells;
  for (int64_t i = 0; i < kCells; ++i) {
    const int64_t y = top + i / kWinogradInputs, x = left + i % kWinogradInputs;
    const bool inside = y >= 0 && y < height && x >= 0 && x < width;
    cells[static_cast<size_t>(i)] =
        inside ? image + ((place.image * height + y) * width + x) * tiling_.inputs : zeros_.data();
  }
  transforms_.input(cells, tiling_.inputs, to, tiling_.block() * tiling_.inputs);
}

// `target` is that of the whole batch.
void WinogradKernel::FromCells(const float* from, int64_t tile, WinogradTarget target) const {
  const auto [height, width] = tiling_.window.output;
  const Tiling::Place place = tiling_.Of(tile);
  const int64_t at = ((place.image * height + place.y) * width + place.x) * tiling_.outputs;
  target.out += at;
  if (target.added != nullptr) target.added += at;
  target.rows = std::min(kWinogradOutputs, height - place.y);
  target.columns = std::min(kWinogradOutputs, width - place.x);
  transforms_.output(from, tiling_.block() * tiling_.outputs, tiling_.outputs, target);
}

// ThreadSanitizer would take each element for itself, so it is told of the whole here.
void WinogradKernel::Run(Inputs inputs, Outputs outputs, const RunContext& context) const {
  for (const Tensor& input : inputs)
    if (input.defined()) TsanReadRange(input.raw(), input.size_bytes());
  TsanWriteRange(outputs[0].mutable_raw(), outputs[0].size_bytes());
  TsanWriteRange(context.scratch, scratch_bytes());
  const WinogradTarget target{.out = outputs[0].mutable_data<float>(),
                              .added = end_.added > 0 ? inputs[end_.added].data<float>() : nullptr,
                              .scale = scale_.data(),
                              .shift = shift_.data(),
                              .row = tiling_.window.output[1] * tiling_.outputs,
                              .low = end_.low,
                              .high = end_.high};
  std::byte* const sums_memory = context.scratch + AlignUp(BytesOf(tiling_.inputs));
  const Tensor cells = Matrices(tiling_.inputs, context.scratch);
  Tensor sums = Matrices(tiling_.outputs, sums_memory);
  const RunContext of_product{.scratch = sums_memory + AlignUp(BytesOf(tiling_.outputs)),
                              .state = context.state};
  const int64_t tiles = tiling_.tiles(), block = tiling_.block();
  for (int64_t first = 0; first < tiles; first += block) {
    const int64_t count = std::min(block, tiles - first);
    auto* const to = reinterpret_cast<float*>(context.scratch);
    for (int64_t i = 0; i < count; ++i)
      ToCells(inputs[0].data<float>(), first + i, to + i * tiling_.inputs);
    product_->Run({&cells, 1}, {&sums, 1}, of_product);
    for (int64_t i = 0; i < count; ++i)
      FromCells(sums.data<float>() + i * tiling_.outputs, first + i, target);
  }
}

// The transformed weights in the order that the product chose.
Result<PackedPages> PackedOf(const OpCall& call, const dnnl::engine& engine, const Tiling& tiling,
                             const dnnl::memory::desc& plain, const dnnl::memory::desc& chosen) {
  const auto* const weights = call.constant(1)->data<float>();
  const auto pack = [&]() -> Result<PackedPages> {
    TENTER_ASSIGN_OR_RETURN(const auto made, HostBlock::Allocate(plain.get_size()));
    WinogradTransforms::OfThisMachine().front().weights(weights, tiling.outputs, tiling.inputs,
                                                        reinterpret_cast<float*>(made->data()));
    return Pack(engine, made->data(), plain, chosen);
  };
  return call.packed == nullptr ? pack() : call.packed->Get(weights, chosen, pack);
}

// 36 products, of the cells of a block with the transformed weights.
MadeKernel MakeProduct(const OpCall& call, const Tiling& tiling) {
  return TryOneDnn(call, [&](const dnnl::engine& engine) -> MadeKernel {
    const auto cells = DenseDesc({kCells, tiling.block(), tiling.inputs});
    const auto sums = DenseDesc({kCells, tiling.block(), tiling.outputs});
    const auto plain = DenseDesc({kCells, tiling.inputs, tiling.outputs});
    const dnnl::memory::desc any(plain.get_dims(), dnnl::memory::data_type::f32,
                                 dnnl::memory::format_tag::any);
    const dnnl::matmul::primitive_desc description(engine, cells, any, sums, UserScratchpad());
    const dnnl::memory::desc chosen = description.weights_desc();
    if (IsReferenceCode(description.impl_info_str())) return Unsupported("only reference code");
    TENTER_ASSIGN_OR_RETURN(PackedPages pages, PackedOf(call, engine, tiling, plain, chosen));
    return MadeOneDnn<dnnl::matmul>(
        engine, description, {{DNNL_ARG_SRC, false, 0, cells}, {DNNL_ARG_DST, true, 0, sums}},
        {{DNNL_ARG_WEIGHTS, chosen, std::move(pages)}});
  });
}

bool IsOne(const std::array<int64_t, 2>& values) { return values[0] == 1 && values[1] == 1; }

}  // namespace

bool TakesWinograd(const OpCall& call) {
  if (!call.winograd || call.op_type != "Conv" || call.layout != Layout::kChannelsLast ||
      call.constant(1) == nullptr || call.inputs[1].dtype != DType::kFloat32)
    return false;
  const Shape& weights = call.inputs[1].shape;
  if (weights.rank() != 4 || weights.dim(2) != 3 || weights.dim(3) != 3) return false;
  if (weights.dim(0) % kWinogradChannels != 0 || weights.dim(1) % kWinogradChannels != 0 ||
      weights.NumElements() == 0 || call.image().dim(1) != weights.dim(1))
    return false;
  if (WinogradTransforms::OfThisMachine().empty()) return false;
  const auto tiling = TilingOf(call);
  if (!tiling.ok()) return false;
  const int64_t tiles = tiling->tiles() * call.part_of;  // of all the parts, about
  return IsOne(tiling->window.strides) && IsOne(tiling->window.dilations) &&
         tiles >= kTilesMin && tiles * tiling->inputs * tiling->outputs >= kProductsMin &&
         EndOf(call).ok();
}

MadeKernel MakeWinograd(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Tiling tiling, TilingOf(call));
  TENTER_ASSIGN_OR_RETURN(End end, EndOf(call));
  TENTER_ASSIGN_OR_RETURN(auto product, MakeProduct(call, tiling));
  return std::unique_ptr<Kernel>(
      std::make_unique<WinogradKernel>(tiling, std::move(end), std::move(product)));
}

}  // namespace tenter
