// Winograd: a convolution of 3x3 from 36 products a channel for each 4x4 numbers of the output, not
// 144. The library has no such kernel; this one takes a third to two thirds of the time.
//
// The image is cut into tiles. A block of them, which fits the cache, is transformed, multiplied
// by the transformed weights in 36 products of matrices, and transformed back; bias, a sum and a
// bound are part of that. Then comes the next block.
//
// The error of a number is some millionths of the largest one that its tile makes, a few times that
// of a direct sum, and whole numbers do not stay whole; what a network answers is as good as
// before. What is not finite would spread over the tile: MakeBounded keeps it away.
//
// Path: MakeKernel -> TakesWinograd -> MakeBounded -> MakeWinograd -> WinogradKernel -> the product
// of oneDNN, between the transforms of own/winograd_transforms.h.
//
// Thread safety: Run is const and may run concurrently, with distinct scratch and state.
// Ownership and lifetime: a kernel owns its product, and shares the transformed weights with all
//   plans of the model. They take 4 times the room of the weights.
// Invariants: (1) the same inputs give the same bits, on any thread: the blocks come in order, and
//   no tile depends on another. (2) With inputs that are bounded nothing overflows, if a direct sum
//   that were kWinogradGrowth times as large would not.
// Errors: kUnsupported, where the direct kernel serves; kResourceExhausted; throws dnnl::error.
#pragma once

#include "runtime/ops/calls.h"

namespace tenter {

// The largest sums of a row of B', G and A' are 5.29, 1.39 and 8.24, and each counts twice; a
// direct sum has nine products a channel.
inline constexpr double kWinogradGrowth = 410.0;

// The static rule: true where it is faster, of shapes and what else a call says.
bool TakesWinograd(const OpCall& call);

// REQUIRES: TakesWinograd.
MadeKernel MakeWinograd(const OpCall& call);

}  // namespace tenter
