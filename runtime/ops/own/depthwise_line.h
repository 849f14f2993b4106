// DepthwiseLine: one line of the output of a convolution in which each channel is a group, with the
// channels last.
//
// A few numbers beside one another are made at once, so that what they read in common is read once,
// for as many channels as a vector holds; then come the next channels, which lie behind those: so
// memory is read in the order in which it lies.
//
// Path: DepthwiseKernel (onednn/depthwise.h) -> here, for each line.
//
// Thread safety: pure functions.
// Ownership and lifetime: borrow what they are given, for the call.
// Invariants: a number is the bias, and then the products of the taps inside the image, from the
//   top and from the left, each added in one step with its product where the machine has that. So
//   its bits depend on the machine alone. A NaN stays a NaN, whatever is done at the end.
// Errors: no function fails.
#pragma once

#include <cstdint>
#include <vector>

namespace tenter {

struct DepthwiseLine {
  const float* in = nullptr;       // the line of the image that the first of the taps below is for
  int64_t in_line = 0;             // from there to the next one, in floats
  int64_t taps_down = 0;           // lines that lie inside the image
  int64_t lines_new = 0;           // the last of those, which the line before has not read
  const float* weights = nullptr;  // of those taps: [down][across][channels]
  const float* bias = nullptr;     // [channels]
  float* out = nullptr;
  int64_t channels = 0;            // kDepthwiseChannelsMin at least
  int64_t width = 0, outputs = 0;  // cells of a line, of the image and of the output
  int64_t taps = 0, stride = 0;    // across; those of TakesDepthwiseLine
  int64_t pad = 0;                 // cells left of the image; there and right of it fewer than taps
  float low = 0.0f, high = 0.0f;   // bounds of what is written
};

// As the widest vector.
inline constexpr int64_t kDepthwiseChannelsMin = 16;

inline bool TakesDepthwiseLine(int64_t taps, int64_t stride) {
  return (taps == 3 || taps == 5) && (stride == 1 || stride == 2);
}

using ComputeDepthwiseLine = void (*)(const DepthwiseLine&);

// Those that this machine can run, the one for the widest vectors first. None but on x86-64.
std::vector<ComputeDepthwiseLine> DepthwiseLinesOfThisMachine();

}  // namespace tenter
