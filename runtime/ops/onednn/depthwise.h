// Depthwise: a convolution in which each channel is a group, with the channels last, by a kernel of
// our own.
//
// Such a convolution does little with each number. With a bound at its end the library's kernel
// loses a NaN, so that a pass over the image has to look for one first, which costs up to a quarter
// of it; this kernel keeps a NaN, and reads memory as it lies.
//
// Path: MakeKernel -> TakesDepthwise -> MakeDepthwise -> DepthwiseKernel -> own/depthwise_line.h,
// line by line.
//
// Thread safety: Run is const and may run concurrently, with distinct outputs.
// Ownership and lifetime: a kernel shares its weights, [down][across][channels], with all plans of
//   the model.
// Invariants: the same inputs give the same bits, on any thread: no line depends on another.
// Errors: kUnsupported, where the library's kernel serves; kResourceExhausted; throws dnnl::error.
#pragma once

#include "runtime/ops/calls.h"

namespace tenter {

// The static rule, of shapes and what else a call says: windows of three or five cells across, each
// or every other, of known weights, and a Relu or a Clip behind it. Without one the library's
// kernel is faster.
bool TakesDepthwise(const OpCall& call);
// Whether that is so of `head` as soon as it has such an epilogue.
bool WouldTakeDepthwise(const OpCall& head);

// REQUIRES: TakesDepthwise.
MadeKernel MakeDepthwise(const OpCall& call);

}  // namespace tenter
