// Array: a tensor of the oracle, in numbers that float32 holds exactly.
//
// All that is drawn are small whole numbers, halves and the like, and the ops keep them so. Then no
// order of a sum, no fused multiplication and no rewrite may change a single bit, and an answer is
// right or wrong, without a tolerance. `most` and `bits` bound what may occur, whatever the inputs
// are: every number is at most `most`, and a multiple of 2^-bits.
//
// Thread safety: a value.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace tenter::fuzz::model {

using Dims = std::vector<int64_t>;

inline int64_t CountOf(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
}

struct Array {
  bool integers = false;  // int64, not float32
  bool truths = false;    // bool: what may be kept of a Dropout, which a Cast alone reads
  Dims dims = {};
  std::vector<double> numbers = {};
  double most = 0;
  int bits = 0;
  // Of numbers without bits behind the point: each is a multiple of it.
  int64_t unit = 1;
  // Infinities, NaN, denormal and the largest numbers may occur, and `most` and `bits` say nothing.
  bool special = false;
  // Some numbers may be NaN or infinite, and the others are as `most` and `bits` say. Sums and
  // products of such numbers do not depend on their order either.
  bool nonfinite = false;
  // How far from these numbers a right answer may be: 0, but behind a convolution that may be made
  // of fewer products.
  double slack = 0;

  int rank() const { return static_cast<int>(dims.size()); }
  // Whether a sum of such numbers is exact in float32, whatever its order.
  bool exact() const { return special || std::ldexp(most, bits) <= std::ldexp(1.0, 24); }
  // Whether an answer is nearer to its number than to the next one that it might be.
  bool is_clear() const { return slack < std::ldexp(0.25, -bits); }
};
using Arrays = std::vector<Array>;

// A NaN is as good as any other, and a zero is one, whatever its sign.
inline bool SameNumber(double a, double b) { return std::isnan(a) ? std::isnan(b) : a == b; }
inline bool IsNear(double right, double number, double slack) {
  return SameNumber(right, number) || std::abs(right - number) <= slack;
}

// More than any op of a program makes; somebody who writes one by hand may ask for anything.
inline constexpr int64_t kMostCells = int64_t{1} << 20;
inline bool IsSmall(const Dims& dims) {
  int64_t cells = 1;
  for (const int64_t dim : dims) {
    if (dim <= 0) return true;
    if (dim > kMostCells || (cells *= dim) > kMostCells) return false;
  }
  return true;
}

// Throws std::length_error for one that is not small.
inline Array MakeArray(Dims dims, const Array& like) {
  if (!IsSmall(dims))
    throw std::length_error("an array of " + std::to_string(dims.size()) + " dims");
  Array made{.integers = like.integers,
             .truths = like.truths,
             .dims = std::move(dims),
             .most = like.most,
             .bits = like.bits,
             .special = like.special,
             .nonfinite = like.nonfinite};
  made.numbers.resize(static_cast<size_t>(std::max<int64_t>(0, CountOf(made.dims))));
  return made;
}

inline std::string DimsText(const Dims& dims) {
  std::string text = "[";
  for (size_t i = 0; i < dims.size(); ++i) text += (i > 0 ? "," : "") + std::to_string(dims[i]);
  return text + "]";
}

// How far apart neighbours along each axis lie, in numbers.
inline Dims StridesOf(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

// Calls `visit` with each index of an array, in its order.
template <typename Visit>
void ForEachIndex(const Dims& dims, Visit visit) {
  Dims index(dims.size(), 0);
  for (int64_t left = CountOf(dims); left > 0; --left) {
    visit(index);
    for (size_t i = dims.size(); i-- > 0;) {
      if (++index[i] < dims[i]) break;
      index[i] = 0;
    }
  }
}

inline size_t OffsetOf(const Dims& index, const Dims& strides) {
  return static_cast<size_t>(
      std::inner_product(index.begin(), index.end(), strides.begin(), int64_t{0}));
}

}  // namespace tenter::fuzz::model
