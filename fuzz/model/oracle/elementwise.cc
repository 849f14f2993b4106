#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "fuzz/model/oracle/ops.h"

namespace tenter::fuzz::model {
namespace {

// The dims of both together by numpy's rule, or nothing.
std::optional<Dims> Broadcast(const Dims& a, const Dims& b) {
  Dims dims(std::max(a.size(), b.size()), 1);
  for (const Dims* one : {&a, &b})
    for (size_t i = 0; i < one->size(); ++i) {
      int64_t& size = dims[dims.size() - one->size() + i];
      const int64_t other = (*one)[i];
      if (size != other && size != 1 && other != 1) return std::nullopt;
      if (size == 1) size = other;
    }
  return dims;
}

// Where the number that stands at `index` of the result stands in `array`.
size_t At(const Array& array, const Dims& index) {
  const Dims strides = StridesOf(array.dims);
  int64_t offset = 0;
  for (size_t i = 0; i < array.dims.size(); ++i)
    if (array.dims[i] > 1) offset += strides[i] * index[index.size() - array.dims.size() + i];
  return static_cast<size_t>(offset);
}

using Two = double (*)(double, double);

std::optional<Array> Combine(const Array& a, const Array& b, Two two) {
  const auto dims = Broadcast(a.dims, b.dims);
  if (!dims || a.integers || b.integers) return std::nullopt;
  Array made = MakeArray(*dims, a);
  made.bits = std::max(a.bits, b.bits);
  size_t next = 0;
  ForEachIndex(*dims, [&](const Dims& index) {
    made.numbers[next++] = two(a.numbers[At(a, index)], b.numbers[At(b, index)]);
  });
  return made;
}

double Plus(double a, double b) { return a + b; }
double Minus(double a, double b) { return a - b; }
double Times(double a, double b) { return a * b; }
double Over(double a, double b) { return a / b; }
// A NaN is the answer wherever it stands.
double Larger(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? a + b : std::max(a, b);
}
double Smaller(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? a + b : std::min(a, b);
}

// Sums, and what has no more digits than its operands.
template <Two kTwo, bool kAdds>
Computed Fold(const Node&, Operands operands) {
  Array all = *operands[0];
  if (all.integers) return std::nullopt;
  for (const Array* const operand : operands.subspan(1)) {
    auto next = Combine(all, *operand, kTwo);
    if (!next) return std::nullopt;
    next->most = kAdds ? all.most + operand->most : std::max(all.most, operand->most);
    next->unit = std::gcd(all.unit, operand->unit);
    all = std::move(*next);
  }
  return Arrays{all};
}

Computed Mul(const Node&, Operands operands) {
  auto product = Combine(*operands[0], *operands[1], Times);
  if (!product) return std::nullopt;
  product->most = operands[0]->most * operands[1]->most;
  product->bits = operands[0]->bits + operands[1]->bits;
  product->unit = operands[0]->unit * operands[1]->unit;
  return Arrays{*product};
}

// By powers of two, from a half to four, or a number that each one is a multiple of.
Computed Div(const Node& node, Operands operands) {
  const auto divisor = ParseConstant(node.operands[1]);
  if (!divisor || (divisor->kind != 'p' && divisor->kind != 'n')) return std::nullopt;
  auto quotient = Combine(*operands[0], *operands[1], Over);
  if (!quotient) return std::nullopt;
  if (divisor->kind == 'n') {
    const auto number = static_cast<int64_t>(divisor->seed);
    if (number == 0 || operands[0]->bits != 0 || operands[0]->unit % number != 0)
      return std::nullopt;
    quotient->most = operands[0]->most;
    quotient->unit = operands[0]->unit / number;
    return Arrays{*quotient};
  }
  quotient->most = operands[0]->most * 2;
  quotient->bits = operands[0]->bits + 2;
  return Arrays{*quotient};
}

template <typename One>
Arrays Map(const Array& array, One one) {
  Array made = array;
  for (double& number : made.numbers) number = one(number);
  return {made};
}

Computed Relu(const Node&, Operands operands) {
  if (operands[0]->integers) return std::nullopt;
  return Map(*operands[0], [](double x) { return Larger(x, 0.0); });
}

Computed Neg(const Node&, Operands operands) {
  if (operands[0]->integers) return std::nullopt;
  return Map(*operands[0], [](double x) { return -x; });
}

Computed Abs(const Node&, Operands operands) {
  if (operands[0]->integers) return std::nullopt;
  return Map(*operands[0], [](double x) { return std::abs(x); });
}

Computed Identity(const Node&, Operands operands) { return Arrays{*operands[0]}; }

Computed LeakyRelu(const Node& node, Operands operands) {
  const double alpha = node.Number("alpha", 0.01);
  if (operands[0]->integers || (alpha != 0.5 && alpha != 0.25)) return std::nullopt;
  Arrays made = Map(*operands[0], [alpha](double x) { return x < 0 ? alpha * x : x; });
  made[0].bits += 2;
  return made;
}

// max(0, min(1, alpha * x + beta)), with both a half or a quarter.
Computed HardSigmoid(const Node& node, Operands operands) {
  const double alpha = node.Number("alpha", 0.2), beta = node.Number("beta", 0.5);
  for (const double number : {alpha, beta})
    if (operands[0]->integers || (number != 0.5 && number != 0.25)) return std::nullopt;
  Arrays made =
      Map(*operands[0], [=](double x) { return Larger(Smaller(alpha * x + beta, 1.0), 0.0); });
  made[0].most = std::max(made[0].most, 1.0);
  made[0].bits += 2;
  return made;
}

// Bounds are whole numbers, and either may be missing: then what is infinite is cut, too, to a
// number far beyond what the others are. The upper one is the answer where it is below the other.
constexpr double kUnbounded = std::numeric_limits<float>::max();
Computed Clip(const Node& node, Operands operands) {
  if (operands[0]->integers) return std::nullopt;
  const double least = node.Number("min", -kUnbounded), most = node.Number("max", kUnbounded);
  if (least != std::floor(least) || most != std::floor(most)) return std::nullopt;
  if (operands[0]->nonfinite && (least == -kUnbounded || most == kUnbounded)) return std::nullopt;
  Arrays made = Map(*operands[0], [=](double x) { return Smaller(Larger(x, least), most); });
  for (const char* const name : {"min", "max"}) {
    made[0].most = std::max(made[0].most, std::abs(node.Number(name, 0)));
    made[0].unit = std::gcd(made[0].unit, static_cast<int64_t>(node.Number(name, 0)));
  }
  return made;
}

// ((x - mean) / sqrt(variance + epsilon)) * scale + offset, per channel.
Computed BatchNormalization(const Node& node, Operands operands) {
  const Array& x = *operands[0];
  const auto variance = ParseConstant(node.operands[4]);
  if (x.rank() < 2 || x.integers || !variance || variance->kind != 'v' ||
      node.Number("epsilon", 0) != 0.25)
    return std::nullopt;
  for (const Array* const each : operands.subspan(1))
    if (each->dims != Dims{x.dims[1]} || each->integers) return std::nullopt;
  for (size_t i = 1; i < 4; ++i)
    if (const auto c = ParseConstant(node.operands[i]); !c || c->kind != ' ') return std::nullopt;
  Array made = MakeArray(x.dims, x);
  size_t next = 0;
  ForEachIndex(x.dims, [&](const Dims& index) {
    const auto c = static_cast<size_t>(index[1]);
    const auto of = [&](size_t operand) { return operands[operand]->numbers[c]; };
    made.numbers[next] = (x.numbers[next] - of(3)) / std::sqrt(of(4) + 0.25) * of(1) + of(2);
    ++next;
  });
  made.most = (x.most + 2) * 2 + 2;
  made.bits = x.bits + 1;
  return Arrays{made};
}

// No scale is larger than two, nor a root smaller than one.
double TwiceTheSlack(Operands operands) { return 2 * LargestSlack(operands); }

// When it answers: it drops nothing, and its mask keeps all.
Computed Dropout(const Node& node, Operands operands) {
  if (operands[0]->integers || node.Number("training", 0) != 0) return std::nullopt;
  Arrays made = {*operands[0]};
  if (node.Find("mask") == nullptr) return made;
  Array& mask = made.emplace_back(*operands[0]);
  std::fill(mask.numbers.begin(), mask.numbers.end(), 1.0);
  mask.truths = true;
  mask.most = 1;
  mask.bits = 0;
  return made;
}

// To the type of this number in ONNX. A whole number is what stands before the point, and a truth
// is what is not zero.
Computed Cast(const Node& node, Operands operands) {
  constexpr double kFloat = 1, kInt64 = 7, kBool = 9;
  const double to = node.Number("to", kFloat);
  if (to != kFloat && to != kInt64 && to != kBool) return std::nullopt;
  Array made = *operands[0];
  made.integers = to == kInt64;
  made.truths = to == kBool;
  if (to == kFloat) return Arrays{made};
  for (double& number : made.numbers) number = made.truths ? number != 0 : std::trunc(number);
  if (made.truths) made.most = 1;
  made.bits = 0;
  return Arrays{made};
}

}  // namespace

std::span<const Op> ElementwiseOps() {
  static const std::vector<Op> ops = {
      {"Add", 2, 2, Fold<Plus, true>, {}, false, false, true, SumOfSlacks},
      {"Sub", 2, 2, Fold<Minus, true>, {}, false, false, false, SumOfSlacks},
      {"Mul", 2, 2, Mul, {}, false, false, true, SlackOfProduct},
      {"Div", 2, 2, Div, {}, false, false, true},
      {"Sum", 1, 4, Fold<Plus, true>, {}, false, false, false, SumOfSlacks},
      {"Max", 1, 4, Fold<Larger, false>, {}, true, false, false, LargestSlack},
      {"Min", 1, 4, Fold<Smaller, false>, {}, true, false, false, LargestSlack},
      {"Relu", 1, 1, Relu, {}, true, false, false, LargestSlack},
      {"Neg", 1, 1, Neg, {}, true, false, false, LargestSlack},
      {"Abs", 1, 1, Abs, {}, true, false, false, LargestSlack},
      {"Identity", 1, 1, Identity, {}, true, false, false, LargestSlack},
      {"LeakyRelu", 1, 1, LeakyRelu, {}, false, false, false, LargestSlack},
      {"HardSigmoid", 1, 1, HardSigmoid, {}, false, false, false, LargestSlack},
      {"Clip", 1, 1, Clip, {"min", "max"}, true, false, true, LargestSlack},
      {"BatchNormalization", 5, 5, BatchNormalization, {}, false, false, false, TwiceTheSlack},
      {"Dropout", 1, 1, Dropout, {"ratio", "training"}, true, false, false, LargestSlack},
      {"Cast", 1, 1, Cast, {}, false, true},
  };
  return ops;
}

}  // namespace tenter::fuzz::model
