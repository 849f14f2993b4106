// Ops that change the shape and leave the elements in their order (Reshape and its relatives), ops
// that make tensors out of attributes and shapes, and Cast.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "runtime/ops/calls.h"
#include "runtime/ops/tables.h"

namespace tenter {
namespace {

Specs Reshaped(const OpCall& call, std::vector<int64_t> dims) {
  return Specs{{call.inputs[0].dtype, Shape(std::move(dims))}};
}

// The requested dims with 0 (copy) and -1 (what is left) filled in.
Result<Specs> InferReshape(const OpCall& call) {
  const Shape& input = call.inputs[0].shape;
  TENTER_ASSIGN_OR_RETURN(std::vector<int64_t> dims, KnownInts(call, 1));
  int unknown = -1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && static_cast<int>(i) >= input.rank())
      return Invalid("dimension 0 stands for an axis that the input does not have");
    if (dims[i] == 0) dims[i] = input.dim(static_cast<int>(i));
    if (dims[i] < -1) return Invalid("dimension " + std::to_string(dims[i]));
    if (dims[i] == -1 && unknown >= 0) return Invalid("two dimensions are -1");
    if (dims[i] == -1) unknown = static_cast<int>(i);
  }
  const int64_t total = input.NumElements();
  if (unknown >= 0) {
    dims[static_cast<size_t>(unknown)] = 1;
    TENTER_ASSIGN_OR_RETURN(const int64_t rest, Shape(dims).CountElements());
    if (rest == 0 || total % rest != 0) return Invalid("no dimension fits for -1");
    dims[static_cast<size_t>(unknown)] = total / rest;
  }
  TENTER_ASSIGN_OR_RETURN(const int64_t count, Shape(dims).CountElements());
  if (count != total) return Invalid("does not fit into " + Shape(dims).ToString());
  return Reshaped(call, std::move(dims));
}

Result<Specs> InferFlatten(const OpCall& call) {
  const Shape& input = call.inputs[0].shape;
  TENTER_ASSIGN_OR_RETURN(int64_t axis, call.attributes.Int("axis", 1));
  if (axis < 0) axis += input.rank();
  if (axis < 0 || axis > input.rank()) return Invalid("axis out of range");
  const int at = static_cast<int>(axis);
  return Reshaped(call, {input.NumElements(0, at), input.NumElements(at, input.rank())});
}

Result<Specs> InferSqueeze(const OpCall& call) {
  const Shape& input = call.inputs[0].shape;
  TENTER_ASSIGN_OR_RETURN(const std::vector<int64_t> listed, IntsOf(call, "axes", 13, 1));
  TENTER_ASSIGN_OR_RETURN(const std::vector<int> axes, ResolveAxes(listed, input.rank()));
  std::vector<int64_t> dims;
  for (int i = 0; i < input.rank(); ++i) {
    const bool named = std::binary_search(axes.begin(), axes.end(), i);
    if (named && input.dim(i) != 1) return Invalid("axis " + std::to_string(i) + " is not 1");
    if (!named && (!axes.empty() || input.dim(i) != 1)) dims.push_back(input.dim(i));
  }
  return Reshaped(call, std::move(dims));
}

Result<Specs> InferUnsqueeze(const OpCall& call) {
  const Shape& input = call.inputs[0].shape;
  TENTER_ASSIGN_OR_RETURN(const std::vector<int64_t> listed, IntsOf(call, "axes", 13, 1));
  const int rank = input.rank() + static_cast<int>(listed.size());
  TENTER_ASSIGN_OR_RETURN(const std::vector<int> axes, ResolveAxes(listed, rank));
  std::vector<int64_t> dims = input.dims();
  for (const int axis : axes) dims.insert(dims.begin() + axis, 1);
  return Reshaped(call, std::move(dims));
}

Result<Specs> InferDropout(const OpCall& call) {
  if (call.has_input(2)) {
    const Tensor* training = call.constant(2);
    if (training == nullptr || training->dtype() != DType::kBool || training->size_bytes() != 1 ||
        *training->data<bool>())
      return Unsupported("training mode");
  }
  Specs specs = {call.inputs[0]};
  // Before opset 10 the mask has the type of the input.
  if (call.output_count > 1)
    specs.push_back({call.opset < 10 ? call.inputs[0].dtype : DType::kBool, call.inputs[0].shape});
  return specs;
}

MadeKernel MakeDropout(const OpCall& call) {
  if (call.output_count > 1 && call.opset < 10) return Unsupported("the mask before opset 10");
  return MakeLambda([](Inputs inputs, Outputs outputs) {
    std::memcpy(outputs[0].mutable_raw(), inputs[0].raw(), outputs[0].size_bytes());
    if (outputs.size() > 1) {
      bool* const mask = outputs[1].mutable_data<bool>();
      std::fill(mask, mask + outputs[1].shape().NumElements(), true);
    }
  });
}

// The dims from `start` to `end` (opset 15), which are the whole shape otherwise.
Result<std::vector<int64_t>> ShapeRange(const OpCall& call) {
  const std::vector<int64_t>& dims = call.inputs[0].shape.dims();
  const auto rank = static_cast<int64_t>(dims.size());
  TENTER_ASSIGN_OR_RETURN(int64_t start, call.attributes.Int("start", 0));
  TENTER_ASSIGN_OR_RETURN(int64_t end, call.attributes.Int("end", rank));
  start = std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
  end = std::clamp<int64_t>(end < 0 ? end + rank : end, start, rank);
  return std::vector<int64_t>(dims.begin() + start, dims.begin() + end);
}

Result<Specs> InferShape(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const std::vector<int64_t> range, ShapeRange(call));
  return Specs{{DType::kInt64, Shape{static_cast<int64_t>(range.size())}}};
}

// The answer is known when the kernel is made; its run does not look at the input.
MadeKernel MakeShape(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const std::vector<int64_t> range, ShapeRange(call));
  return MakeLambda([range](Inputs, Outputs outputs) {
    std::copy(range.begin(), range.end(), outputs[0].mutable_data<int64_t>());
  });
}

// A tensor of `values`, of rank 1, or of rank 0 when `scalar`.
template <typename T>
Result<Tensor> TensorFrom(const std::vector<T>& values, bool scalar) {
  const Shape shape = scalar ? Shape() : Shape{static_cast<int64_t>(values.size())};
  TENTER_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate({kDTypeOf<T>, shape}));
  std::copy(values.begin(), values.end(), tensor.template mutable_data<T>());
  return tensor;
}

Result<Tensor> ConstantValue(const OpCall& call) {
  const Attributes& attributes = call.attributes;
  if (attributes.Names().size() != 1) return Invalid("not exactly one value");
  const std::string_view name = attributes.Names()[0];
  if (name == "value") return attributes.TensorOr(name);
  const bool scalar = name == "value_int" || name == "value_float";
  if (name == "value_int" || name == "value_ints") {
    TENTER_ASSIGN_OR_RETURN(const int64_t one, scalar ? attributes.Int(name, 0) : int64_t{0});
    TENTER_ASSIGN_OR_RETURN(const auto many, scalar ? std::vector<int64_t>{one}
                                                    : attributes.Ints(name, {}));
    return TensorFrom(many, scalar);
  }
  TENTER_ASSIGN_OR_RETURN(const float one, scalar ? attributes.Float(name, 0) : 0.0f);
  TENTER_ASSIGN_OR_RETURN(const auto many,
                          scalar ? std::vector<float>{one} : attributes.Floats(name, {}));
  return TensorFrom(many, scalar);
}

Result<Specs> InferConstant(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Tensor value, ConstantValue(call));
  return Specs{value.spec()};
}

MadeKernel MakeConstant(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Tensor value, ConstantValue(call));
  return MakeLambda([value](Inputs, Outputs outputs) {
    std::memcpy(outputs[0].mutable_raw(), value.raw(), value.size_bytes());
  });
}

Result<Tensor> FillValue(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(Tensor value, call.attributes.TensorOr("value"));
  if (!value.defined()) return TensorFrom(std::vector<float>{0.0f}, false);
  if (value.shape().NumElements() != 1) return Invalid("a fill value of several elements");
  return value;
}

Result<Specs> InferConstantOfShape(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Tensor value, FillValue(call));
  TENTER_ASSIGN_OR_RETURN(std::vector<int64_t> dims, KnownInts(call, 0));
  for (const int64_t dim : dims)
    if (dim < 0) return Invalid("dimension " + std::to_string(dim));
  return Specs{{value.dtype(), Shape(std::move(dims))}};
}

MadeKernel MakeConstantOfShape(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const Tensor value, FillValue(call));
  return MakeLambda([value](Inputs, Outputs outputs) {
    auto* const out = static_cast<std::byte*>(outputs[0].mutable_raw());
    const size_t step = value.size_bytes();
    for (size_t at = 0; at < outputs[0].size_bytes(); at += step)
      std::memcpy(out + at, value.raw(), step);
  });
}

// The attribute `to` holds a number of ONNX's TensorProto.DataType.
Result<DType> CastTarget(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const int64_t to, call.attributes.Int("to", 0));
  switch (to) {
    case 1: return DType::kFloat32;
    case 2: return DType::kUint8;
    case 6: return DType::kInt32;
    case 7: return DType::kInt64;
    case 9: return DType::kBool;
    case 11: return DType::kFloat64;
    default: return Unsupported("attribute to=" + std::to_string(to));
  }
}

Result<Specs> InferCast(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const DType dtype, CastTarget(call));
  return Specs{{dtype, call.inputs[0].shape}};
}

// Integers wrap; floats that an integer type cannot hold become its nearest value, and NaN becomes
// 0, because C++ leaves both undefined.
template <typename To, typename From>
To CastOne(From from) {
  if constexpr (std::is_same_v<To, bool>) {
    return from != From{0};
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(from)) return To{0};
    if (from <= static_cast<From>(std::numeric_limits<To>::min()))
      return std::numeric_limits<To>::min();
    if (from >= static_cast<From>(std::numeric_limits<To>::max()))
      return std::numeric_limits<To>::max();
    return static_cast<To>(from);
  } else {
    return static_cast<To>(from);
  }
}

template <typename To, typename From>
void CastAll(Inputs inputs, Outputs outputs) {
  const From* const in = inputs[0].data<From>();
  To* const out = outputs[0].mutable_data<To>();
  const int64_t count = outputs[0].shape().NumElements();
  for (int64_t i = 0; i < count; ++i) out[i] = CastOne<To>(in[i]);
}

template <typename To>
MadeKernel MakeCastTo(DType from) {
  switch (from) {
    case DType::kFloat32: return MakeLambda(CastAll<To, float>);
    case DType::kFloat64: return MakeLambda(CastAll<To, double>);
    case DType::kInt32: return MakeLambda(CastAll<To, int32_t>);
    case DType::kInt64: return MakeLambda(CastAll<To, int64_t>);
    case DType::kUint8: return MakeLambda(CastAll<To, uint8_t>);
    case DType::kBool: return MakeLambda(CastAll<To, bool>);
  }
  return Unsupported("an element type");
}

MadeKernel MakeCast(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const DType to, CastTarget(call));
  const DType from = call.inputs[0].dtype;
  switch (to) {
    case DType::kFloat32: return MakeCastTo<float>(from);
    case DType::kFloat64: return MakeCastTo<double>(from);
    case DType::kInt32: return MakeCastTo<int32_t>(from);
    case DType::kInt64: return MakeCastTo<int64_t>(from);
    case DType::kUint8: return MakeCastTo<uint8_t>(from);
    case DType::kBool: return MakeCastTo<bool>(from);
  }
  return Unsupported("an element type");
}

constexpr AttributeRule kReshapeRules[] = {{"allowzero", "0"}};
constexpr AttributeRule kAxisRules[] = {{"axis"}};
constexpr AttributeRule kAxesRules[] = {{"axes"}};
constexpr AttributeRule kDropoutRules[] = {{"ratio"}, {"seed"}};
constexpr AttributeRule kShapeRules[] = {{"start"}, {"end"}};
constexpr AttributeRule kConstantRules[] = {
    {"value"}, {"value_float"}, {"value_floats"}, {"value_int"}, {"value_ints"}};
constexpr AttributeRule kConstantOfShapeRules[] = {{"value"}};
constexpr AttributeRule kCastRules[] = {{"to", "1|2|6|7|9|11"}};

constexpr std::array kOps = {
    OpType{"Reshape", kOpsetMin, kOpsetMax, 2, 2, 1, kReshapeRules, InferReshape, MakeCopy,
           nullptr},
    OpType{"Flatten", kOpsetMin, kOpsetMax, 1, 1, 1, kAxisRules, InferFlatten, MakeCopy, nullptr},
    OpType{"Squeeze", kOpsetMin, kOpsetMax, 1, 2, 1, kAxesRules, InferSqueeze, MakeCopy, nullptr},
    OpType{"Unsqueeze", kOpsetMin, kOpsetMax, 1, 2, 1, kAxesRules, InferUnsqueeze, MakeCopy,
           nullptr},
    OpType{"Identity", kOpsetMin, kOpsetMax, 1, 1, 1, {}, SameAsInput, MakeCopy, nullptr},
    OpType{"Dropout", kOpsetMin, kOpsetMax, 1, 3, 2, kDropoutRules, InferDropout, MakeDropout,
           nullptr},
    OpType{"Shape", kOpsetMin, kOpsetMax, 1, 1, 1, kShapeRules, InferShape, MakeShape, nullptr},
    OpType{"Constant", kOpsetMin, kOpsetMax, 0, 0, 1, kConstantRules, InferConstant, MakeConstant,
           nullptr},
    OpType{"ConstantOfShape", 9, kOpsetMax, 1, 1, 1, kConstantOfShapeRules, InferConstantOfShape,
           MakeConstantOfShape, nullptr},
    OpType{"Cast", kOpsetMin, kOpsetMax, 1, 1, 1, kCastRules, InferCast, MakeCast, nullptr},
};

}  // namespace

std::span<const OpType> ReshapingOps() { return kOps; }

}  // namespace tenter
