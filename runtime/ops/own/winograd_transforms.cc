#include "runtime/ops/own/winograd_transforms.h"

#include <cstring>

#include "runtime/base/tsan.h"
#include "runtime/ops/own/vectors.h"

namespace tenter {
namespace {

constexpr float kA = 0.625f, kB = 1.5f;
constexpr float kAA = kA * kA, kBB = kB * kB, kAABB = kAA * kBB;

template <typename V>
TENTER_INLINE void Load(const float* from, V& to) {
  std::memcpy(&to, from, sizeof(V));
}

template <typename V>
TENTER_INLINE void Store(const V& from, float* to) {
  std::memcpy(to, &from, sizeof(V));
}

// B' of six numbers, which lie `kStep` apart.
template <int kStep, typename V>
TENTER_INLINE void InputLine(const V* d, V* out) {
  const V d1 = d[kStep], d2 = d[2 * kStep], d3 = d[3 * kStep], d4 = d[4 * kStep];
  out[0] = kAABB * d[0] - (kAA + kBB) * d2 + d4;
  const V even_a = d4 - kBB * d2, odd_a = d3 - kBB * d1;
  out[kStep] = even_a + kA * odd_a;
  out[2 * kStep] = even_a - kA * odd_a;
  const V even_b = d4 - kAA * d2, odd_b = d3 - kAA * d1;
  out[3 * kStep] = even_b + kB * odd_b;
  out[4 * kStep] = even_b - kB * odd_b;
  out[5 * kStep] = kAABB * d1 - (kAA + kBB) * d3 + d[5 * kStep];
}

// A' of six numbers, which lie `kStep` apart: four.
template <int kStep, typename V>
TENTER_INLINE void OutputLine(const V* m, V* out) {
  const V sum_a = m[kStep] + m[2 * kStep], difference_a = m[kStep] - m[2 * kStep];
  const V sum_b = m[3 * kStep] + m[4 * kStep], difference_b = m[3 * kStep] - m[4 * kStep];
  out[0] = m[0] + sum_a + sum_b;
  out[kStep] = kA * difference_a + kB * difference_b;
  out[2 * kStep] = kAA * sum_a + kBB * sum_b;
  out[3 * kStep] = kAA * kA * difference_a + kBB * kB * difference_b + m[5 * kStep];
}

template <int kWidth>
TENTER_INLINE void Input(const std::array<const float*, kWinogradCells>& cells, int64_t channels,
                         float* to, int64_t stride) {
  using V = typename Vectors<kWidth>::Type;
  for (int64_t c = 0; c < channels; c += kWidth) {
    V d[kWinogradCells], columns[kWinogradCells];
    for (size_t i = 0; i < kWinogradCells; ++i) Load(cells[i] + c, d[i]);
    for (int j = 0; j < 6; ++j) InputLine<6>(d + j, columns + j);
    for (int i = 0; i < 6; ++i) {
      V line[6];
      InputLine<1>(columns + 6 * i, line);
      for (int j = 0; j < 6; ++j) Store(line[j], to + (6 * i + j) * stride + c);
    }
  }
}

template <int kWidth>
TENTER_INLINE void Output(const float* from, int64_t stride, int64_t channels,
                          const WinogradTarget& target) {
  using V = typename Vectors<kWidth>::Type;
  for (int64_t c = 0; c < channels; c += kWidth) {
    V m[kWinogradCells], columns[24];
    for (size_t i = 0; i < kWinogradCells; ++i)
      Load(from + static_cast<int64_t>(i) * stride + c, m[i]);
    for (int j = 0; j < 6; ++j) OutputLine<6>(m + j, columns + j);
    V scale, shift;
    Load(target.scale + c, scale);
    Load(target.shift + c, shift);
    for (int64_t i = 0; i < target.rows; ++i) {
      V line[4];
      OutputLine<1>(columns + 6 * i, line);
      for (int64_t j = 0; j < target.columns; ++j) {
        const int64_t at = i * target.row + j * channels + c;
        V value = line[j] * scale + shift;
        if (target.added != nullptr) {
          V added;
          Load(target.added + at, added);
          value += added;
        }
        value = value > target.low ? value : target.low + V{};
        value = value < target.high ? value : target.high + V{};
        Store(value, target.out + at);
      }
    }
  }
}

// G of three numbers, which lie `kStep` apart: six.
template <int kStep, typename D>
TENTER_INLINE void WeightLine(const D* g, D* out) {
  constexpr double a = kA, b = kB;
  constexpr double na = 2 * a * a * (a * a - b * b), nb = 2 * b * b * (b * b - a * a);
  const D even_a = (g[0] + a * a * g[2 * kStep]) / na, odd_a = a / na * g[kStep];
  const D even_b = (g[0] + b * b * g[2 * kStep]) / nb, odd_b = b / nb * g[kStep];
  out[0] = g[0] / (a * a * b * b);
  out[kStep] = even_a + odd_a;
  out[2 * kStep] = even_a - odd_a;
  out[3 * kStep] = even_b + odd_b;
  out[4 * kStep] = even_b - odd_b;
  out[5 * kStep] = g[2 * kStep];
}

// `kWidth` outputs at a time, the last ones with others that are zero.
template <int kWidth>
TENTER_INLINE void Weights(const float* from, int64_t outputs, int64_t channels, float* to) {
  using D = typename Vectors<kWidth>::Wide;
  for (int64_t o = 0; o < outputs; o += kWidth)
    for (int64_t c = 0; c < channels; ++c) {
      const int64_t count = outputs - o < kWidth ? outputs - o : kWidth;
      D g[9] = {}, lines[18], cells[kWinogradCells];
      for (int64_t k = 0; k < count; ++k)
        for (int i = 0; i < 9; ++i) g[i][k] = from[((o + k) * channels + c) * 9 + i];
      for (int j = 0; j < 3; ++j) WeightLine<3>(g + j, lines + j);
      for (int i = 0; i < 6; ++i) WeightLine<1>(lines + 3 * i, cells + 6 * i);
      for (size_t i = 0; i < kWinogradCells; ++i) {
        const auto rounded = __builtin_convertvector(cells[i], typename Vectors<kWidth>::Type);
        std::memcpy(to + (static_cast<int64_t>(i) * channels + c) * outputs + o, &rounded,
                    static_cast<size_t>(count) * sizeof(float));
      }
    }
}

#define TENTER_VARIANT(name, machine, width)                                               \
  TENTER_UNSEEN __attribute__((target(machine))) void name##Input(                         \
      const std::array<const float*, kWinogradCells>& cells, int64_t channels, float* to,  \
      int64_t stride) {                                                                    \
    Input<width>(cells, channels, to, stride);                                             \
  }                                                                                        \
  TENTER_UNSEEN __attribute__((target(machine))) void name##Output(                        \
      const float* from, int64_t stride, int64_t channels, const WinogradTarget& target) { \
    Output<width>(from, stride, channels, target);                                         \
  }                                                                                        \
  TENTER_UNSEEN __attribute__((target(machine))) void name##Weights(                       \
      const float* from, int64_t outputs, int64_t channels, float* to) {                   \
    Weights<width>(from, outputs, channels, to);                                           \
  }

#if defined(__x86_64__)
TENTER_FOR_EACH_MACHINE(TENTER_VARIANT)
#endif

}  // namespace

std::vector<WinogradTransforms> WinogradTransforms::OfThisMachine() {
  std::vector<WinogradTransforms> all;
#if defined(__x86_64__)
  const int width = WidthOfThisMachine();
  if (width >= 16) all.push_back({WidestInput, WidestOutput, WidestWeights});
  if (width >= 8) all.push_back({WideInput, WideOutput, WideWeights});
  all.push_back({PlainInput, PlainOutput, PlainWeights});
#endif
  return all;
}

}  // namespace tenter
