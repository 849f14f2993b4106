// The oneDNN kernels of the op table, without the headers of oneDNN.
//
// Thread safety: any thread may make and run kernels; MakeKernel orders the first use of the
//   library.
// Ownership and lifetime: a kernel owns its primitive, which is created here and nowhere later.
// Invariants: (1) activations are read in place as they lie, and so are weights, but for those of a
//   Conv with the channels last, which are packed once per model and order. (2) The scratchpad is
//   the caller's, so one kernel may run on many threads. (3) One OpenMP thread at creation and at
//   execution, whatever the environment says.
// Errors: kUnsupported where oneDNN has no implementation: the reference kernel serves then.
#pragma once

#include <cmath>

#include "runtime/ops/calls.h"

namespace tenter {

// Makes the calling thread use one OpenMP thread inside oneDNN. A primitive fixes how it splits its
// work, and so the order of its sums, when it is created: creation and execution both need this.
void UseOneThread();

// What `make` makes. An exception of the library becomes a Status: kUnsupported where it refuses
// the sizes or strides of a tensor.
MadeKernel MakeFast(MakeFunction make, const OpCall& call);

MadeKernel MakeOneDnnConvolution(const OpCall& call);
MadeKernel MakeOneDnnPooling(const OpCall& call);
MadeKernel MakeOneDnnMatMul(const OpCall& call);
MadeKernel MakeOneDnnGemm(const OpCall& call);
MadeKernel MakeOneDnnEltwise(const OpCall& call);
MadeKernel MakeOneDnnBinary(const OpCall& call);
MadeKernel MakeOneDnnSoftmax(const OpCall& call);

// What the reference files and the oneDNN files both read from a call.
// Softmax as [outer, axis, inner]: before opset 13 the axes from `axis` on are one.
struct SoftmaxExtents {
  int64_t outer;
  int64_t axis;
  int64_t inner;
};
Result<SoftmaxExtents> SoftmaxExtentsOf(const OpCall& call);

// Whether the kernel of this BatchNormalization takes a Relu as its epilogue.
bool TakesRelu(const OpCall& call);

// With another slope, the library makes a number of a NaN, or a NaN of zero.
inline bool KeepsNaNAsLeakyRelu(float slope) { return slope != 0.0f && std::isfinite(slope); }

// True when the library makes a number of a NaN in the epilogue, unless what it reads is looked at.
bool HasToLook(const OpCall& call);

// Clip. kUnsupported when a bound is known at run time only.
struct ClipBounds {
  float low;
  float high;
};
Result<ClipBounds> ClipBoundsOf(const OpCall& call);

}  // namespace tenter
