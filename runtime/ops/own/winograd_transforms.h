// WinogradTransforms: the linear maps around the products of a Winograd convolution of 3x3, which
// makes a tile of 4x4 numbers from 36 products a channel, where the sum itself takes 144.
//
//   tile of the output = A' [ sum over channels: (G weights G') * (B' cells B) ] A
//
// The points are 0, +-5/8, +-3/2 and infinity: their B and A are exact in float32, and the numbers
// in between stay so small that the error is a quarter of that of the usual points 0, +-1, +-2.
//
// Path: WinogradKernel -> here, around the product of onednn/winograd.h.
//
// Thread safety: pure functions.
// Ownership and lifetime: borrow what they are given, for the call.
// Invariants: the bits depend on the numbers and the machine alone: each channel goes by itself,
//   in one order. No branch depends on a number.
// Errors: no function fails.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tenter {

inline constexpr int64_t kWinogradOutputs = 4;  // of a tile, along an axis
inline constexpr int64_t kWinogradInputs = 6;
inline constexpr size_t kWinogradCells = kWinogradInputs * kWinogradInputs;
// Channels come in such groups.
inline constexpr int64_t kWinogradChannels = 16;

// Where the tile of an output goes, and what is done to it before.
struct WinogradTarget {
  float* out = nullptr;
  const float* added = nullptr;  // lies as `out`; may be null
  const float* scale = nullptr;  // of each channel, and what is added then
  const float* shift = nullptr;
  int64_t row = 0;                // from one line of the image to the next, in floats
  int64_t rows = 0, columns = 0;  // at most kWinogradOutputs of each lie inside the image
  float low = 0, high = 0;        // bounds of what is written
};

struct WinogradTransforms {
  // `cells` points at the channels of each cell of a tile. Cell i goes to `to` + i * `stride`.
  void (*input)(const std::array<const float*, kWinogradCells>& cells, int64_t channels, float* to,
                int64_t stride);
  // Cell i comes from `from` + i * `stride`.
  void (*output)(const float* from, int64_t stride, int64_t channels, const WinogradTarget& target);
  // The weights [outputs][channels][3][3] as 36 matrices [channels][outputs], in double inside.
  void (*weights)(const float* from, int64_t outputs, int64_t channels, float* to);

  // Those that this machine can run, those for the widest vectors first. None but on x86-64.
  static std::vector<WinogradTransforms> OfThisMachine();
};

}  // namespace tenter
