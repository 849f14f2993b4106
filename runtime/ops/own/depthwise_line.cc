#include "runtime/ops/own/depthwise_line.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/tsan.h"
#include "runtime/ops/own/vectors.h"

namespace tenter {
namespace {

// Numbers that are made at once: as many as registers hold, so that nearly all widths of images
// are a multiple of one of them.
constexpr int kMany = 7, kSome = 4;

// The comparisons are false of a NaN, which so stays what it is.
template <typename V>
TENTER_INLINE void Bound(const V& low, const V& high, V* value) {
  *value = *value < low ? low : *value;
  *value = *value > high ? high : *value;
}

// `kOutputs` numbers from `first` on, of the channels from `channel` on. Where not `kInside`, some
// of the cells that they read lie left or right of the image.
template <int kWidth, int kTaps, int kStride, int kOutputs, bool kInside>
TENTER_INLINE void Tile(const DepthwiseLine& line, int64_t first, int64_t channel) {
  using V = typename Vectors<kWidth>::Type;
  constexpr int kCells = (kOutputs - 1) * kStride + kTaps;
  const int64_t left = first * kStride - line.pad;
  const float* weights = line.weights + channel;
  V sums[kOutputs];
  for (int i = 0; i < kOutputs; ++i) std::memcpy(&sums[i], line.bias + channel, sizeof(V));
  for (int64_t down = 0; down < line.taps_down; ++down) {
    const float* const in = line.in + down * line.in_line + channel;
    V taps[kTaps];
    for (int t = 0; t < kTaps; ++t, weights += line.channels)
      std::memcpy(&taps[t], weights, sizeof(V));
#pragma GCC unroll 17
    for (int x = 0; x < kCells; ++x) {
      if (!kInside && x < kTaps - 1 && left + x < 0) continue;
      if (!kInside && x > kCells - kTaps && left + x >= line.width) continue;
      V cell;
      std::memcpy(&cell, in + (left + x) * line.channels, sizeof(V));
#pragma GCC unroll 7
      for (int i = 0; i < kOutputs; ++i)
        if (x >= i * kStride && x < i * kStride + kTaps) sums[i] += cell * taps[x - i * kStride];
    }
  }
  const V low = V{} + line.low, high = V{} + line.high;
  for (int i = 0; i < kOutputs; ++i) Bound(low, high, &sums[i]);
  float* out = line.out + first * line.channels + channel;
  for (int i = 0; i < kOutputs; ++i, out += line.channels) std::memcpy(out, &sums[i], sizeof(V));
}

// Asks memory for the cells of the next tile that no line above has read.
template <int kTaps, int kStride, int kOutputs>
TENTER_INLINE void AskAhead(const DepthwiseLine& line, int64_t first, int64_t channel) {
  constexpr int kCells = (kOutputs - 1) * kStride + kTaps;
  const float* ahead = line.in + (line.taps_down - line.lines_new) * line.in_line +
                       (first * kStride - line.pad + kCells) * line.channels + channel;
  for (int64_t i = 0; i < line.lines_new; ++i, ahead += line.in_line)
    for (int x = 0; x < kOutputs * kStride; ++x)
      __builtin_prefetch(ahead + x * line.channels, 0, 3);
}

// The last channels are computed twice where they are no whole vector.
template <int kWidth, int kTaps, int kStride, int kOutputs, bool kInside>
TENTER_INLINE void Channels(const DepthwiseLine& line, int64_t first) {
  for (int64_t c = 0; c < line.channels; c += kWidth) {
    const int64_t channel = std::min(c, line.channels - kWidth);
    Tile<kWidth, kTaps, kStride, kOutputs, kInside>(line, first, channel);
    AskAhead<kTaps, kStride, kOutputs>(line, first, channel);
  }
}

// And so are the last numbers.
template <int kWidth, int kTaps, int kStride, int kOutputs>
TENTER_INLINE void Outputs(const DepthwiseLine& line) {
  constexpr int kCells = (kOutputs - 1) * kStride + kTaps;
  for (int64_t i = 0; i < line.outputs; i += kOutputs) {
    const int64_t first = std::min(i, line.outputs - kOutputs), left = first * kStride - line.pad;
    if (left >= 0 && left + kCells <= line.width)
      Channels<kWidth, kTaps, kStride, kOutputs, true>(line, first);
    else
      Channels<kWidth, kTaps, kStride, kOutputs, false>(line, first);
  }
}

int64_t RoundedUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

template <int kWidth, int kTaps, int kStride>
TENTER_INLINE void Line(const DepthwiseLine& line) {
  if (line.outputs >= kMany && RoundedUp(line.outputs, kMany) <= RoundedUp(line.outputs, kSome))
    return Outputs<kWidth, kTaps, kStride, kMany>(line);
  if (line.outputs >= kSome) return Outputs<kWidth, kTaps, kStride, kSome>(line);
  Outputs<kWidth, kTaps, kStride, 1>(line);
}

// A copy of the line, which no number that is written could change.
template <int kWidth>
TENTER_INLINE void AnyLine(const DepthwiseLine line) {
  if (line.taps == 3) {
    if (line.stride == 1) return Line<kWidth, 3, 1>(line);
    return Line<kWidth, 3, 2>(line);
  }
  if (line.stride == 1) return Line<kWidth, 5, 1>(line);
  Line<kWidth, 5, 2>(line);
}

#define TENTER_VARIANT(name, machine, width)                                                  \
  TENTER_UNSEEN __attribute__((target(machine))) void name##Line(const DepthwiseLine& line) { \
    AnyLine<width>(line);                                                                     \
  }

#if defined(__x86_64__)
TENTER_FOR_EACH_MACHINE(TENTER_VARIANT)
#endif

}  // namespace

std::vector<ComputeDepthwiseLine> DepthwiseLinesOfThisMachine() {
  std::vector<ComputeDepthwiseLine> all;
#if defined(__x86_64__)
  const int width = WidthOfThisMachine();
  if (width >= 16) all.push_back(WidestLine);
  if (width >= 8) all.push_back(WideLine);
  all.push_back(PlainLine);
#endif
  return all;
}

}  // namespace tenter
