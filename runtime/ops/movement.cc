// Ops that move elements without computing: Transpose, Slice, Split, Concat, Pad and Gather.
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <numeric>

#include "runtime/ops/broadcast.h"
#include "runtime/ops/calls.h"
#include "runtime/ops/own/channel_shuffle.h"
#include "runtime/ops/strided_copy.h"
#include "runtime/ops/tables.h"

namespace tenter {
namespace {

// A view of a tensor with other dims, strides and start, all in elements. Slice and Transpose copy
// such a view to their output.
struct StridedView {
  std::vector<int64_t> dims;
  std::vector<int64_t> strides;
  int64_t start = 0;
};

MadeKernel MakeViewCopy(std::vector<StridedView> views) {
  return MakeLambda([views = std::move(views)](Inputs inputs, Outputs outputs) {
    for (size_t i = 0; i < views.size(); ++i)
      CopyStrided(inputs[0].raw(), outputs[i].mutable_raw(), DTypeBytes(inputs[0].dtype()),
                  views[i].dims, views[i].strides, views[i].start);
  });
}

Specs SpecsOf(const OpCall& call, const std::vector<StridedView>& views) {
  Specs specs;
  for (const StridedView& view : views) specs.push_back({call.inputs[0].dtype, Shape(view.dims)});
  return specs;
}

using ViewsFunction = Result<std::vector<StridedView>> (*)(const OpCall&);

template <ViewsFunction kViews>
Result<Specs> InferViews(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const std::vector<StridedView> views, kViews(call));
  return SpecsOf(call, views);
}

template <ViewsFunction kViews>
MadeKernel MakeViews(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(std::vector<StridedView> views, kViews(call));
  return MakeViewCopy(std::move(views));
}

Result<std::vector<StridedView>> TransposeViews(const OpCall& call) {
  const Shape& input = call.inputs[0].shape;
  std::vector<int64_t> order(static_cast<size_t>(input.rank()));
  std::iota(order.rbegin(), order.rend(), 0);
  TENTER_ASSIGN_OR_RETURN(order, call.attributes.Ints("perm", order));
  TENTER_ASSIGN_OR_RETURN(const std::vector<int> sorted, ResolveAxes(order, input.rank()));
  if (static_cast<int>(sorted.size()) != input.rank()) return Invalid("perm misses an axis");
  StridedView view;
  for (const int64_t axis : order) {
    TENTER_ASSIGN_OR_RETURN(const int at, ResolveAxis(axis, input.rank()));
    view.dims.push_back(input.dim(at));
    view.strides.push_back(input.Strides()[static_cast<size_t>(at)]);
  }
  return std::vector<StridedView>{view};
}

// Cuts axis `axis` of `view` to start, start + step, ... before `end`, under numpy's rules.
Status Cut(StridedView& view, size_t axis, int64_t start, int64_t end, int64_t step) {
  constexpr int64_t kStepMax = std::numeric_limits<int32_t>::max();
  if (step == 0) return Invalid("a step of 0");
  step = std::clamp(step, -kStepMax, kStepMax);
  const int64_t size = view.dims[axis];
  // A start is clamped to what is there, also where numpy would find nothing: "for negative
  // stepping it is clamped to the range [0, dims-1]" (Slice of opset 13).
  if (start < 0) start = std::max<int64_t>(start + size, 0);
  if (end < 0) end = std::max<int64_t>(end + size, step > 0 ? 0 : -1);
  start = std::min(start, step > 0 ? size : size - 1);
  end = std::min(end, size);
  const int64_t distance = step > 0 ? end - start : start - end;
  const int64_t stride = step > 0 ? step : -step;
  view.dims[axis] = distance <= 0 ? 0 : (distance + stride - 1) / stride;
  if (view.dims[axis] > 0) view.start += start * view.strides[axis];
  // With two elements or more the product lies inside the tensor, so it cannot overflow; with fewer
  // the stride is never used.
  view.strides[axis] = view.dims[axis] > 1 ? view.strides[axis] * step : 0;
  return {};
}

Result<std::vector<StridedView>> SliceViews(const OpCall& call) {
  const Shape& input = call.inputs[0].shape;
  TENTER_ASSIGN_OR_RETURN(const std::vector<int64_t> starts, IntsOf(call, "starts", 10, 1));
  TENTER_ASSIGN_OR_RETURN(const std::vector<int64_t> ends, IntsOf(call, "ends", 10, 2));
  TENTER_ASSIGN_OR_RETURN(std::vector<int64_t> axes, IntsOf(call, "axes", 10, 3));
  TENTER_ASSIGN_OR_RETURN(std::vector<int64_t> steps, IntsOf(call, "steps", 10, 4));
  if (axes.empty())
    for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (starts.size() != ends.size() || starts.size() != axes.size() || starts.size() != steps.size())
    return Invalid("starts, ends, axes and steps differ in length");
  if (const auto unique = ResolveAxes(axes, input.rank()); !unique.ok()) return unique.status();
  StridedView view{input.dims(), input.Strides(), 0};
  for (size_t i = 0; i < starts.size(); ++i) {
    TENTER_ASSIGN_OR_RETURN(const int axis, ResolveAxis(axes[i], input.rank()));
    TENTER_RETURN_IF_ERROR(Cut(view, static_cast<size_t>(axis), starts[i], ends[i], steps[i]));
  }
  return std::vector<StridedView>{view};
}

Result<std::vector<StridedView>> SplitViews(const OpCall& call) {
  const Shape& input = call.inputs[0].shape;
  TENTER_ASSIGN_OR_RETURN(const int64_t wanted, call.attributes.Int("axis", 0));
  TENTER_ASSIGN_OR_RETURN(const int axis, ResolveAxis(wanted, input.rank()));
  TENTER_ASSIGN_OR_RETURN(std::vector<int64_t> sizes, IntsOf(call, "split", 13, 1));
  if (sizes.empty()) {
    if (input.dim(axis) % call.output_count != 0) return Invalid("the axis has no equal parts");
    sizes.assign(static_cast<size_t>(call.output_count), input.dim(axis) / call.output_count);
  }
  if (static_cast<int>(sizes.size()) != call.output_count)
    return Invalid("another number of parts than of outputs");
  std::vector<StridedView> views;
  int64_t start = 0;
  for (const int64_t size : sizes) {
    if (size < 0 || size > input.dim(axis) - start) return Invalid("the parts exceed the axis");
    StridedView view{input.dims(), input.Strides(), 0};
    view.start = start * view.strides[static_cast<size_t>(axis)];
    view.dims[static_cast<size_t>(axis)] = size;
    views.push_back(std::move(view));
    start += size;
  }
  if (start != input.dim(axis)) return Invalid("the parts do not fill the axis");
  return views;
}

Result<Specs> InferConcat(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const int64_t wanted, call.attributes.Int("axis", 1));
  TENTER_ASSIGN_OR_RETURN(const int axis, ResolveAxis(wanted, call.inputs[0].shape.rank()));
  std::vector<int64_t> dims = call.inputs[0].shape.dims();
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    if (!call.has_input(i)) return Invalid("input " + std::to_string(i) + " is missing");
    std::vector<int64_t> other = call.inputs[i].shape.dims();
    if (call.inputs[i].dtype != call.inputs[0].dtype || other.size() != dims.size())
      return Invalid("the inputs differ in type or rank");
    const auto at = static_cast<size_t>(axis);
    if (__builtin_add_overflow(dims[at], other[at], &dims[at])) return Invalid("the sum overflows");
    other[at] = dims[at];
    if (other != dims) return Invalid("the inputs differ off the axis");
  }
  return Specs{{call.inputs[0].dtype, Shape(std::move(dims))}};
}

// The output is, for each index of the axes before `axis`, a run of elements of each input in turn.
// The library has no faster one: its own takes a quarter to a half longer for images.
MadeKernel MakeConcat(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const int64_t wanted, call.attributes.Int("axis", 1));
  TENTER_ASSIGN_OR_RETURN(const int axis, ResolveAxis(wanted, call.inputs[0].shape.rank()));
  const int64_t times = call.inputs[0].shape.NumElements(0, axis);
  std::vector<size_t> runs;  // in bytes
  for (const TensorSpec& spec : call.inputs)
    runs.push_back(static_cast<size_t>(spec.shape.NumElements(axis, spec.shape.rank())) *
                   DTypeBytes(spec.dtype));
  return MakeLambda([times, runs](Inputs inputs, Outputs outputs) {
    auto* out = static_cast<std::byte*>(outputs[0].mutable_raw());
    for (size_t outer = 0; outer < static_cast<size_t>(times); ++outer)
      for (size_t i = 0; i < runs.size(); ++i) {
        std::memcpy(out, static_cast<const std::byte*>(inputs[i].raw()) + outer * runs[i], runs[i]);
        out += runs[i];
      }
  });
}

struct Padding {
  Shape output;
  // The part of the input that negative padding leaves, and where it begins in the output.
  StridedView kept;
  int64_t target_start = 0;
};

Result<Padding> PaddingOf(const OpCall& call) {
  const Shape& input = call.inputs[0].shape;
  const auto rank = static_cast<size_t>(input.rank());
  TENTER_ASSIGN_OR_RETURN(const std::vector<int64_t> pads, IntsOf(call, "pads", 11, 1));
  if (pads.size() != 2 * rank)
    return Invalid("pads has " + std::to_string(pads.size()) + " values");
  constexpr int64_t kPadMax = int64_t{1} << 40;
  std::vector<int64_t> dims = input.dims();
  Padding padding{{}, {input.dims(), input.Strides(), 0}, 0};
  for (size_t i = 0; i < rank; ++i) {
    const int64_t before = pads[i], after = pads[i + rank];
    for (const int64_t pad : {before, after})
      if (pad <= -kPadMax || pad >= kPadMax) return Invalid("padding too large");
    dims[i] += before + after;
    if (dims[i] < 0) return Invalid("padding that leaves less than nothing");
    const int64_t end = input.dims()[i] + std::min<int64_t>(0, after);
    TENTER_RETURN_IF_ERROR(
        Cut(padding.kept, i, std::max<int64_t>(0, -before), std::max<int64_t>(0, end), 1));
  }
  padding.output = Shape(std::move(dims));
  if (const auto count = padding.output.CountElements(); !count.ok()) return count.status();
  for (size_t i = 0; i < rank; ++i)
    padding.target_start += std::max<int64_t>(0, pads[i]) * padding.output.Strides()[i];
  return padding;
}

Result<Specs> InferPad(const OpCall& call) {
  TENTER_RETURN_IF_ERROR(RequireType(call, 0, DType::kFloat32));
  TENTER_RETURN_IF_ERROR(RequireType(call, 2, DType::kFloat32));
  TENTER_ASSIGN_OR_RETURN(const Padding padding, PaddingOf(call));
  return Specs{{DType::kFloat32, padding.output}};
}

MadeKernel MakePad(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Padding padding, PaddingOf(call));
  TENTER_ASSIGN_OR_RETURN(float value, call.attributes.Float("value", 0.0f));
  if (call.has_input(2)) {
    const Tensor* fill = call.constant(2);
    if (fill == nullptr) return Unsupported("a value that depends on the data");
    if (fill->shape().NumElements() != 1) return Invalid("a value of several elements");
    value = *fill->data<float>();
  }
  return MakeLambda([padding, value](Inputs inputs, Outputs outputs) {
    float* const out = outputs[0].mutable_data<float>();
    std::fill(out, out + padding.output.NumElements(), value);
    // First the kept part is gathered from the input, then it is spread over its places in the
    // output.
    std::vector<float> kept(static_cast<size_t>(Shape(padding.kept.dims).NumElements()));
    CopyStrided(inputs[0].raw(), kept.data(), sizeof(float), padding.kept.dims,
                padding.kept.strides, padding.kept.start);
    WalkStrided(padding.kept.dims, padding.output.Strides(), padding.target_start,
                [&](int64_t at, int64_t to) { out[to] = kept[static_cast<size_t>(at)]; });
  });
}

Result<Specs> InferGather(const OpCall& call) {
  const Shape& data = call.inputs[0].shape;
  const TensorSpec& indices = call.inputs[1];
  if (indices.dtype != DType::kInt64 && indices.dtype != DType::kInt32)
    return Invalid("indices that are not integers");
  TENTER_ASSIGN_OR_RETURN(const int64_t wanted, call.attributes.Int("axis", 0));
  TENTER_ASSIGN_OR_RETURN(const int axis, ResolveAxis(wanted, data.rank()));
  std::vector<int64_t> dims(data.dims().begin(), data.dims().begin() + axis);
  dims.insert(dims.end(), indices.shape.dims().begin(), indices.shape.dims().end());
  dims.insert(dims.end(), data.dims().begin() + axis + 1, data.dims().end());
  return Specs{{call.inputs[0].dtype, Shape(std::move(dims))}};
}

template <typename Index>
void RunGather(int axis, Inputs inputs, Outputs outputs) {
  const Shape& data = inputs[0].shape();
  const auto* const from = static_cast<const std::byte*>(inputs[0].raw());
  auto* out = static_cast<std::byte*>(outputs[0].mutable_raw());
  const int64_t size = data.dim(axis);
  const size_t run =
      static_cast<size_t>(data.NumElements(axis + 1, data.rank())) * DTypeBytes(inputs[0].dtype());
  for (int64_t outer = 0; outer < data.NumElements(0, axis); ++outer)
    for (int64_t i = 0; i < inputs[1].shape().NumElements(); ++i) {
      int64_t index = inputs[1].data<Index>()[i];
      if (index < -size || index >= size)
        throw StatusError({StatusCode::kOutOfRange, "Gather: index " + std::to_string(index) +
                                                        " of an axis of " + std::to_string(size)});
      if (index < 0) index += size;
      std::memcpy(out, from + static_cast<size_t>(outer * size + index) * run, run);
      out += run;
    }
}

MadeKernel MakeGather(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const int64_t wanted, call.attributes.Int("axis", 0));
  TENTER_ASSIGN_OR_RETURN(const int axis, ResolveAxis(wanted, call.inputs[0].shape.rank()));
  const bool wide = call.inputs[1].dtype == DType::kInt64;
  return MakeLambda([axis, wide](Inputs inputs, Outputs outputs) {
    wide ? RunGather<int64_t>(axis, inputs, outputs) : RunGather<int32_t>(axis, inputs, outputs);
  });
}

constexpr AttributeRule kPermRules[] = {{"perm"}};
constexpr AttributeRule kSliceRules[] = {{"axes"}, {"ends"}, {"starts"}};
constexpr AttributeRule kSplitRules[] = {{"axis"}, {"split"}};
constexpr AttributeRule kAxisRules[] = {{"axis"}};
constexpr AttributeRule kPadRules[] = {{"mode", "constant"}, {"pads"}, {"value"}};
constexpr int kPartsMax = 1000;

constexpr std::array kOps = {
    OpType{"Transpose", kOpsetMin, kOpsetMax, 1, 1, 1, kPermRules, InferViews<TransposeViews>,
           MakeViews<TransposeViews>, nullptr},
    OpType{"Slice", kOpsetMin, kOpsetMax, 1, 5, 1, kSliceRules, InferViews<SliceViews>,
           MakeViews<SliceViews>, nullptr},
    OpType{"Split", kOpsetMin, kOpsetMax, 1, 2, kPartsMax, kSplitRules, InferViews<SplitViews>,
           MakeViews<SplitViews>, nullptr},
    OpType{"Concat", kOpsetMin, kOpsetMax, 1, kPartsMax, 1, kAxisRules, InferConcat, MakeConcat,
           nullptr},
    OpType{"Pad", kOpsetMin, kOpsetMax, 1, 3, 1, kPadRules, InferPad, MakePad, nullptr},
    OpType{"Gather", kOpsetMin, kOpsetMax, 2, 2, 1, kAxisRules, InferGather, MakeGather,
           MakeChannelShuffle},
};

}  // namespace

std::span<const OpType> MovementOps() { return kOps; }

}  // namespace tenter
