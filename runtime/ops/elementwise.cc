// Ops that compute each output element from the elements at the same place: unary functions, and
// the variadic ops under numpy broadcasting. Variadic ops fold from left to right.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "runtime/ops/broadcast.h"
#include "runtime/ops/calls.h"
#include "runtime/ops/onednn/onednn.h"
#include "runtime/ops/own/row_arithmetic.h"
#include "runtime/ops/tables.h"

namespace tenter {
namespace {

// Integer arithmetic wraps around, as it does in numpy: the builtins report an overflow, which
// nobody looks at, and store the wrapped result.
struct AddOf {
  template <typename T>
  static T Apply(T a, T b) {
    if constexpr (std::is_integral_v<T>)
      return __builtin_add_overflow(a, b, &a), a;
    else
      return a + b;
  }
};
struct SubOf {
  template <typename T>
  static T Apply(T a, T b) {
    if constexpr (std::is_integral_v<T>)
      return __builtin_sub_overflow(a, b, &a), a;
    else
      return a - b;
  }
};
struct MulOf {
  template <typename T>
  static T Apply(T a, T b) {
    if constexpr (std::is_integral_v<T>)
      return __builtin_mul_overflow(a, b, &a), a;
    else
      return a * b;
  }
};
struct DivOf {
  template <typename T>
  static T Apply(T a, T b) {
    if constexpr (std::is_integral_v<T>) {
      if (b == 0) throw StatusError(Invalid("integer division by zero"));
      // The smallest integer divided by -1 overflows: it wraps to itself.
      if (b == -1) return SubOf::Apply(T{0}, a);
    }
    return a / b;
  }
};
struct PowOf {
  template <typename T>
  static T Apply(T a, T b) {
    return std::pow(a, b);
  }
};
// A NaN stays one, whichever operand it is.
struct MaxOf {
  template <typename T>
  static T Apply(T a, T b) {
    return b > a || b != b ? b : a;
  }
};
struct MinOf {
  template <typename T>
  static T Apply(T a, T b) {
    return b < a || b != b ? b : a;
  }
};

// Folds a row into `out`. The stride of a broadcast operand along a row is 1, or 0 where it is
// stretched; a loop for each is one that compilers turn into vectors.
template <typename Op, typename T>
void FoldRow(T* out, const T* in, int64_t count, int64_t stride) {
  if (stride == 0) {
    const T value = *in;
    for (int64_t i = 0; i < count; ++i) out[i] = Op::Apply(out[i], value);
  } else {
    for (int64_t i = 0; i < count; ++i) out[i] = Op::Apply(out[i], in[i * stride]);
  }
}

struct TakeSecond {
  template <typename T>
  static T Apply(T, T b) {
    return b;
  }
};

template <typename Op, typename T>
void FoldInputs(Inputs inputs, Outputs outputs) {
  T* const out = outputs[0].mutable_data<T>();
  const Shape& shape = outputs[0].shape();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const T* const in = inputs[i].data<T>();
    WalkRows(shape.dims(), BroadcastStrides(inputs[i].shape(), shape),
             [&](int64_t at, int64_t from, int64_t count, int64_t stride) {
               i == 0 ? FoldRow<TakeSecond>(out + at, in + from, count, stride)
                      : FoldRow<Op>(out + at, in + from, count, stride);
             });
  }
}

Result<Specs> InferVariadic(const OpCall& call) {
  TensorSpec spec = call.inputs[0];
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    if (!call.has_input(i)) return Invalid("input " + std::to_string(i) + " is missing");
    if (call.inputs[i].dtype != spec.dtype) return Unsupported("inputs of different types");
    TENTER_ASSIGN_OR_RETURN(spec.shape, BroadcastShapes(spec.shape, call.inputs[i].shape));
  }
  return Specs{spec};
}

template <typename Op, bool kIntegers = true>
MadeKernel MakeVariadic(const OpCall& call) {
  const DType dtype = call.inputs[0].dtype;
  if (dtype == DType::kFloat32) return MakeLambda(FoldInputs<Op, float>);
  if (dtype == DType::kFloat64) return MakeLambda(FoldInputs<Op, double>);
  if constexpr (kIntegers) {
    if (dtype == DType::kInt32) return MakeLambda(FoldInputs<Op, int32_t>);
    if (dtype == DType::kInt64) return MakeLambda(FoldInputs<Op, int64_t>);
  }
  return Unsupported("element type " + std::string(DTypeName(dtype)));
}

// A unary op over floats; `function` is float -> float.
template <typename Function>
MadeKernel MakeUnary(const OpCall& call, Function function) {
  TENTER_RETURN_IF_ERROR(RequireType(call, 0, DType::kFloat32));
  return MakeLambda([function](Inputs inputs, Outputs outputs) {
    const float* const in = inputs[0].data<float>();
    float* const out = outputs[0].mutable_data<float>();
    const int64_t count = outputs[0].shape().NumElements();
    for (int64_t i = 0; i < count; ++i) out[i] = function(in[i]);
  });
}

template <float (*kFunction)(float)>
MadeKernel MakePlain(const OpCall& call) {
  return MakeUnary(call, kFunction);
}

float SigmoidOf(float x) { return 1.0f / (1.0f + std::exp(-x)); }
float HardSwishOf(float x) { return x * std::max(0.0f, std::min(1.0f, x * (1.0f / 6.0f) + 0.5f)); }
float TanhOf(float x) { return std::tanh(x); }
float SqrtOf(float x) { return std::sqrt(x); }
float ExpOf(float x) { return std::exp(x); }
float LogOf(float x) { return std::log(x); }
float NegOf(float x) { return -x; }
float AbsOf(float x) { return std::fabs(x); }
float ReciprocalOf(float x) { return 1.0f / x; }

MadeKernel MakeLeakyRelu(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const float alpha, call.attributes.Float("alpha", 0.01f));
  return MakeUnary(call, [alpha](float x) { return x < 0.0f ? alpha * x : x; });
}

// Of the three that follow, oneDNN makes numbers of NaNs. As they stand, a NaN stays one: it
// compares with nothing, and std::min and std::max take their first operand then.
MadeKernel MakeRelu(const OpCall& call) {
  return MakeUnary(call, [](float x) { return x < 0.0f ? 0.0f : x; });
}

MadeKernel MakeHardSigmoid(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const float alpha, call.attributes.Float("alpha", 0.2f));
  TENTER_ASSIGN_OR_RETURN(const float beta, call.attributes.Float("beta", 0.5f));
  return MakeUnary(
      call, [alpha, beta](float x) { return std::max(std::min(alpha * x + beta, 1.0f), 0.0f); });
}

MadeKernel MakeClip(const OpCall& call) {
  TENTER_ASSIGN_OR_RETURN(const ClipBounds bounds, ClipBoundsOf(call));
  return MakeUnary(call,
                   [bounds](float x) { return std::min(std::max(x, bounds.low), bounds.high); });
}

constexpr AttributeRule kClipRules[] = {{"min"}, {"max"}};
constexpr AttributeRule kAlphaRules[] = {{"alpha"}};
constexpr AttributeRule kAlphaBetaRules[] = {{"alpha"}, {"beta"}};

constexpr OpType Unary(std::string_view name, MakeFunction reference, MakeFunction onednn,
                       std::span<const AttributeRule> rules = {}, int opset_min = kOpsetMin,
                       int inputs_max = 1) {
  return {name, opset_min, kOpsetMax, 1, inputs_max, 1, rules, SameAsInput, reference, onednn};
}

constexpr int kVariadicMax = 1000;

// The power of 2, by which a model that normalises its layers takes squares.
MadeKernel MakeSquare(const OpCall& call) {
  const Tensor* const exponent = call.constant(1);
  const TensorSpec& base = call.inputs[0];
  if (exponent == nullptr || base.dtype != DType::kFloat32 ||
      exponent->shape().NumElements() != 1 || exponent->shape().rank() > base.shape.rank() ||
      exponent->data<float>()[0] != 2.0f)
    return Unsupported("another exponent");
  const auto run = [](Inputs inputs, Outputs outputs) {
    const float* const in = inputs[0].data<float>();
    float* const out = outputs[0].mutable_data<float>();
    const int64_t count = outputs[0].shape().NumElements();
    for (int64_t i = 0; i < count; ++i) out[i] = in[i] * in[i];
  };
  return MakeLambda(run, "square");
}

MadeKernel MakeFastBinary(const OpCall& call) {
  MadeKernel by_rows = MakeRowArithmetic(call);
  return by_rows.ok() ? std::move(by_rows) : MakeOneDnnBinary(call);
}

constexpr OpType Variadic(std::string_view name, MakeFunction reference, MakeFunction onednn,
                          int inputs_min, int inputs_max) {
  return {name, kOpsetMin, kOpsetMax,     inputs_min, inputs_max,
          1,    {},        InferVariadic, reference,  onednn};
}

constexpr std::array kOps = {
    Variadic("Add", MakeVariadic<AddOf>, MakeFastBinary, 2, 2),
    Variadic("Sub", MakeVariadic<SubOf>, MakeFastBinary, 2, 2),
    Variadic("Mul", MakeVariadic<MulOf>, MakeFastBinary, 2, 2),
    Variadic("Div", MakeVariadic<DivOf>, MakeFastBinary, 2, 2),
    Variadic("Pow", MakeVariadic<PowOf, false>, MakeSquare, 2, 2),
    Variadic("Sum", MakeVariadic<AddOf>, MakeFastBinary, 1, kVariadicMax),
    Variadic("Max", MakeVariadic<MaxOf>, nullptr, 1, kVariadicMax),
    Variadic("Min", MakeVariadic<MinOf>, nullptr, 1, kVariadicMax),
    Unary("Relu", MakeRelu, nullptr),
    Unary("Sigmoid", MakePlain<SigmoidOf>, MakeOneDnnEltwise),
    Unary("Tanh", MakePlain<TanhOf>, MakeOneDnnEltwise),
    Unary("Sqrt", MakePlain<SqrtOf>, MakeOneDnnEltwise),
    Unary("Exp", MakePlain<ExpOf>, MakeOneDnnEltwise),
    Unary("Log", MakePlain<LogOf>, MakeOneDnnEltwise),
    Unary("Neg", MakePlain<NegOf>, nullptr),
    Unary("Abs", MakePlain<AbsOf>, nullptr),
    Unary("Reciprocal", MakePlain<ReciprocalOf>, nullptr),
    Unary("HardSwish", MakePlain<HardSwishOf>, MakeOneDnnEltwise, {}, 14),
    Unary("HardSigmoid", MakeHardSigmoid, nullptr, kAlphaBetaRules),
    Unary("LeakyRelu", MakeLeakyRelu, MakeOneDnnEltwise, kAlphaRules),
    Unary("Clip", MakeClip, nullptr, kClipRules, kOpsetMin, 3),
};

}  // namespace

Result<ClipBounds> ClipBoundsOf(const OpCall& call) {
  ClipBounds bounds{std::numeric_limits<float>::lowest(), std::numeric_limits<float>::max()};
  if (call.opset < 11) {
    TENTER_ASSIGN_OR_RETURN(bounds.low, call.attributes.Float("min", bounds.low));
    TENTER_ASSIGN_OR_RETURN(bounds.high, call.attributes.Float("max", bounds.high));
    return bounds;
  }
  float* const targets[] = {&bounds.low, &bounds.high};
  for (size_t i = 1; i <= 2; ++i) {
    if (!call.has_input(i)) continue;
    const Tensor* bound = call.constant(i);
    if (bound == nullptr) return Unsupported("a bound that depends on the data");
    if (bound->dtype() != DType::kFloat32 || bound->shape().NumElements() != 1)
      return Invalid("bound " + bound->spec().ToString() + ", expected one float32");
    *targets[i - 1] = *bound->data<float>();
  }
  return bounds;
}

std::span<const OpType> ElementwiseOps() { return kOps; }

}  // namespace tenter
