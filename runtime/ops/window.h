// Window: how a kernel slides over the two spatial axes of a convolution or pooling.
//
// Inputs of rank 3 (one spatial axis) are treated as rank 4 with a height of 1, so that every loop
// and every primitive is written once.
//
// Thread safety: plain values and pure functions.
// Invariants: every extent is at most kWindowExtentMax, so that products of two fit in 64 bits.
// Errors: kInvalidArgument or kUnsupported, with the numbers.
#pragma once

#include <array>
#include <cstdint>

#include "runtime/ops/calls.h"

namespace tenter {

inline constexpr int64_t kWindowExtentMax = int64_t{1} << 24;

// Index 0 is the height, index 1 the width.
struct Window {
  std::array<int64_t, 2> input{};
  std::array<int64_t, 2> kernel{};
  std::array<int64_t, 2> strides{};
  std::array<int64_t, 2> dilations{};
  std::array<int64_t, 2> pads_begin{};
  std::array<int64_t, 2> pads_end{};
  std::array<int64_t, 2> output{};

  // The first input position of output position `out` along axis `i`; negative inside the padding.
  int64_t Start(size_t i, int64_t out) const { return out * strides[i] - pads_begin[i]; }
  // Input positions that the dilated kernel spans along axis `i`.
  int64_t Span(size_t i) const { return (kernel[i] - 1) * dilations[i] + 1; }
};

// Reads kernel_shape, strides, dilations, pads, auto_pad and ceil_mode of a call on input 0.
// `kernel` is the spatial shape of the weights, empty for pooling (kernel_shape is required then).
Result<Window> WindowOf(const OpCall& call, const std::vector<int64_t>& kernel);

// `batch` x `channels` x the output of the window, in the rank of the input.
Shape WindowOutput(const OpCall& call, const Window& window, int64_t channels);

// The window of a pooling. Refuses padding that is so large that a kernel could see nothing else.
Result<Window> PoolWindowOf(const OpCall& call);

}  // namespace tenter
