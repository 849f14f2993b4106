// BatchNormalization (inference), Softmax and ReduceMean.
#include <algorithm>
#include <array>
#include <cmath>

#include "runtime/base/tsan.h"
#include "runtime/ops/broadcast.h"
#include "runtime/ops/calls.h"
#include "runtime/ops/onednn/onednn.h"
#include "runtime/ops/own/row_mean.h"
#include "runtime/ops/tables.h"

namespace tenter {
namespace {

Result<Specs> InferBatchNormalization(const OpCall& call) {
  const Shape& input = call.inputs[0].shape;
  if (input.rank() < 2) return Invalid("an input of rank " + std::to_string(input.rank()));
  for (size_t i = 0; i < 5; ++i) {
    TENTER_RETURN_IF_ERROR(RequireType(call, i, DType::kFloat32));
    if (i > 0 && call.inputs[i].shape != Shape{input.dim(1)})
      return Invalid("input " + std::to_string(i) + " has not one value per channel");
  }
  return Specs{call.inputs[0]};
}

// scale * (x - mean) / sqrt(variance + epsilon) + bias, per channel.
MadeKernel MakeBatchNormalization(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const float epsilon, call.attributes.Float("epsilon", 1e-5f));
  return MakeLambda([epsilon](Inputs inputs, Outputs outputs) {
    const Shape& shape = inputs[0].shape();
    const int64_t size = shape.NumElements(2, shape.rank());
    const float* in = inputs[0].data<float>();
    float* out = outputs[0].mutable_data<float>();
    for (int64_t plane = 0; plane < shape.NumElements(0, 2); ++plane) {
      const int64_t c = plane % shape.dim(1);
      const float factor =
          inputs[1].data<float>()[c] / std::sqrt(inputs[4].data<float>()[c] + epsilon);
      for (int64_t i = 0; i < size; ++i)
        *out++ = (*in++ - inputs[3].data<float>()[c]) * factor + inputs[2].data<float>()[c];
    }
  });
}

// The same with one factor per channel, computed in double and rounded once. The mean is taken away
// first, as the product of a large mean with the factor would cancel what is left.
struct ScaleShift {
  std::vector<float> mean;
  std::vector<float> factor;
  std::vector<float> bias;
};

Result<ScaleShift> ScaleShiftOf(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const float epsilon, call.attributes.Float("epsilon", 1e-5f));
  const float* parameters[5] = {};
  for (size_t i = 1; i < 5; ++i) {
    if (call.constant(i) == nullptr) return Unsupported("parameters that depend on the data");
    parameters[i] = call.constant(i)->data<float>();
  }
  const int64_t channels = call.inputs[1].shape.dim(0);
  ScaleShift made{
      {parameters[3], parameters[3] + channels}, {}, {parameters[2], parameters[2] + channels}};
  for (int64_t c = 0; c < channels; ++c)
    made.factor.push_back(static_cast<float>(
        parameters[1][c] / std::sqrt(static_cast<double>(parameters[4][c]) + epsilon)));
  return made;
}

// A Relu behind it keeps a NaN, too.
template <bool kRelu>
float End(float value) {
  return kRelu && value < 0.0f ? 0.0f : value;
}

// One channel after the other: each has `run` numbers side by side.
template <bool kRelu>
void ScalePlanes(const ScaleShift& by, const float* in, float* out, int64_t planes, int64_t run) {
  const auto channels = static_cast<int64_t>(by.factor.size());
  for (int64_t plane = 0; plane < planes; ++plane, in += run, out += run) {
    const auto c = static_cast<size_t>(plane % channels);
    const float mean = by.mean[c], factor = by.factor[c], bias = by.bias[c];
    for (int64_t i = 0; i < run; ++i) out[i] = End<kRelu>((in[i] - mean) * factor + bias);
  }
}

// One place after the other: each has one number of every channel.
template <bool kRelu>
void ScalePlaces(const ScaleShift& by, const float* in, float* out, int64_t places) {
  const size_t channels = by.factor.size();
  const float *const mean = by.mean.data(), *const factor = by.factor.data();
  const float* const bias = by.bias.data();
  for (int64_t place = 0; place < places; ++place, in += channels, out += channels)
    for (size_t c = 0; c < channels; ++c)
      out[c] = End<kRelu>((in[c] - mean[c]) * factor[c] + bias[c]);
}

template <bool kRelu>
void Scale(const ScaleShift& by, bool last, int64_t planes, int64_t run, Inputs inputs,
           Outputs outputs) {
  const float* const in = inputs[0].data<float>();
  float* const out = outputs[0].mutable_data<float>();
  const auto channels = static_cast<int64_t>(by.factor.size());
  last ? ScalePlaces<kRelu>(by, in, out, planes / channels * run)
       : ScalePlanes<kRelu>(by, in, out, planes, run);
}

MadeKernel MakeScaleShift(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(ScaleShift by, ScaleShiftOf(call));
  const Shape image = call.image();
  const int64_t run = image.NumElements(2, image.rank());
  const int64_t planes = image.NumElements(0, 2);
  if (planes * run == 0) return Unsupported("an empty tensor");
  const bool last = call.layout == Layout::kChannelsLast;
  const bool relu = !call.epilogue.empty();  // it takes nothing else
  const auto scale = [by = std::move(by), last, relu, planes, run](Inputs inputs, Outputs outputs) {
    relu ? Scale<true>(by, last, planes, run, inputs, outputs)
         : Scale<false>(by, last, planes, run, inputs, outputs);
  };
  return MakeLambda(scale, "scale and shift");
}

Result<Specs> InferSoftmax(const OpCall& call) {
  TENTER_RETURN_IF_ERROR(RequireType(call, 0, DType::kFloat32));
  TENTER_ASSIGN_OR_RETURN([[maybe_unused]] const SoftmaxExtents extents, SoftmaxExtentsOf(call));
  return Specs{call.inputs[0]};
}

// exp(x - max), divided by the sum of all of them along the axis. The sum is taken in ascending
// order, in float.
void SoftmaxLine(const float* in, float* out, int64_t count, int64_t stride) {
  float largest = in[0];
  for (int64_t i = 1; i < count; ++i) largest = std::max(largest, in[i * stride]);
  float sum = 0.0f;
  for (int64_t i = 0; i < count; ++i) sum += out[i * stride] = std::exp(in[i * stride] - largest);
  for (int64_t i = 0; i < count; ++i) out[i * stride] /= sum;
}

MadeKernel MakeSoftmax(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const SoftmaxExtents extents, SoftmaxExtentsOf(call));
  return MakeLambda([extents](Inputs inputs, Outputs outputs) {
    if (extents.axis == 0) return;
    for (int64_t outer = 0; outer < extents.outer; ++outer)
      for (int64_t inner = 0; inner < extents.inner; ++inner) {
        const int64_t at = outer * extents.axis * extents.inner + inner;
        SoftmaxLine(inputs[0].data<float>() + at, outputs[0].mutable_data<float>() + at,
                    extents.axis, extents.inner);
      }
  });
}

struct Reduction {
  std::vector<int64_t> kept;  // the output dims with reduced axes as 1
  Shape output;
  int64_t count;  // elements per mean
};

Result<Reduction> ReductionOf(const OpCall& call) {
  const Shape& input = call.inputs[0].shape;
  TENTER_ASSIGN_OR_RETURN(const std::vector<int64_t> listed, call.attributes.Ints("axes", {}));
  TENTER_ASSIGN_OR_RETURN(const int64_t keep, call.attributes.Int("keepdims", 1));
  TENTER_ASSIGN_OR_RETURN(std::vector<int> axes, ResolveAxes(listed, input.rank()));
  if (axes.empty())
    for (int i = 0; i < input.rank(); ++i) axes.push_back(i);
  Reduction reduction{input.dims(), {}, 1};
  std::vector<int64_t> dims;
  for (int i = 0; i < input.rank(); ++i) {
    const bool reduced = std::binary_search(axes.begin(), axes.end(), i);
    if (reduced) reduction.count *= input.dim(i);
    if (reduced) reduction.kept[static_cast<size_t>(i)] = 1;
    if (!reduced || keep != 0) dims.push_back(reduction.kept[static_cast<size_t>(i)]);
  }
  if (reduction.count == 0) return Invalid("a mean over nothing");
  reduction.output = Shape(std::move(dims));
  return reduction;
}

Result<Specs> InferReduceMean(const OpCall& call) {
  TENTER_RETURN_IF_ERROR(RequireType(call, 0, DType::kFloat32));
  TENTER_ASSIGN_OR_RETURN(const Reduction reduction, ReductionOf(call));
  return Specs{{DType::kFloat32, reduction.output}};
}

// Adds the elements to their means in row-major order of the input, in float, then divides.
MadeKernel MakeReduceMean(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Reduction reduction, ReductionOf(call));
  return MakeLambda([reduction](Inputs inputs, Outputs outputs) {
    float* const out = outputs[0].mutable_data<float>();
    const int64_t means = outputs[0].shape().NumElements();
    std::fill(out, out + means, 0.0f);
    const float* const in = inputs[0].data<float>();
    const Shape& from = inputs[0].shape();
    WalkStrided(from.dims(), BroadcastStrides(Shape(reduction.kept), from), 0,
                [&](int64_t at, int64_t to) { out[to] += in[at]; });
    for (int64_t i = 0; i < means; ++i) out[i] /= static_cast<float>(reduction.count);
  });
}

constexpr AttributeRule kBatchNormalizationRules[] = {
    {"epsilon"}, {"momentum"}, {"spatial", "1"}, {"training_mode", "0"}};
constexpr AttributeRule kSoftmaxRules[] = {{"axis"}};
// Where the axes that are reduced are the last ones.
MadeKernel MakeRowMean(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Reduction reduction, ReductionOf(call));
  const Shape& in = call.inputs[0].shape;
  if (in.NumElements() == 0) return Unsupported("no rows");
  int64_t behind = 1;
  for (int axis = in.rank(); axis > 0 && reduction.kept[static_cast<size_t>(axis - 1)] == 1; --axis)
    behind *= in.dim(axis - 1);
  if (behind != reduction.count) return Unsupported("other axes");
  const int64_t rows = in.NumElements() / behind;
  const ComputeMeans compute = MeansOfRows();
  const auto run = [=](Inputs inputs, Outputs outputs) {
    TsanReadRange(inputs[0].raw(), inputs[0].size_bytes());
    TsanWriteRange(outputs[0].mutable_raw(), outputs[0].size_bytes());
    compute(inputs[0].data<float>(), rows, behind, outputs[0].mutable_data<float>());
  };
  return MakeLambda(run, "mean of a row");
}

constexpr AttributeRule kReduceMeanRules[] = {{"axes"}, {"keepdims"}};

constexpr std::array kOps = {
    OpType{"BatchNormalization", kOpsetMin, kOpsetMax, 5, 5, 1, kBatchNormalizationRules,
           InferBatchNormalization, MakeBatchNormalization, MakeScaleShift},
    OpType{"Softmax", kOpsetMin, kOpsetMax, 1, 1, 1, kSoftmaxRules, InferSoftmax, MakeSoftmax,
           MakeOneDnnSoftmax},
    OpType{"ReduceMean", kOpsetMin, kOpsetMax, 1, 1, 1, kReduceMeanRules, InferReduceMean,
           MakeReduceMean, MakeRowMean},
};

}  // namespace

Result<SoftmaxExtents> SoftmaxExtentsOf(const OpCall& call) {
  const Shape& input = call.inputs[0].shape;
  const bool flattens = call.opset < 13;
  TENTER_ASSIGN_OR_RETURN(const int64_t wanted, call.attributes.Int("axis", flattens ? 1 : -1));
  TENTER_ASSIGN_OR_RETURN(const int axis, ResolveAxis(wanted, input.rank()));
  if (flattens)
    return SoftmaxExtents{input.NumElements(0, axis), input.NumElements(axis, input.rank()), 1};
  return SoftmaxExtents{input.NumElements(0, axis), input.dim(axis),
                        input.NumElements(axis + 1, input.rank())};
}

bool TakesRelu(const OpCall& call) {
  if (call.inputs[0].size_bytes() == 0) return false;
  for (size_t i = 1; i < call.inputs.size(); ++i)
    if (call.constant(i) == nullptr) return false;
  return true;
}

std::span<const OpType> NormalisationOps() { return kOps; }

}  // namespace tenter
