// PostOps: the epilogue of a call as post-ops of a oneDNN primitive.
//
// Path: MakeOneDnnConvolution, MakeProduct -> PostOpsOf -> the attribute of the primitive.
//
// Thread safety: pure functions.
// Ownership and lifetime: the result borrows nothing.
// Invariants: a primitive with them computes what the ops do one behind the other, but for a NaN
//   where HasToLook says so.
// Errors: kUnsupported for an op for which CanFollow is false.
#pragma once

#include <vector>

#include "runtime/ops/onednn/kernel.h"

namespace tenter {

struct PostOps {
  dnnl::primitive_attr attr;            // UserScratchpad, with the ops
  std::vector<OneDnnBinding> bindings;  // of what the ops read
};

Result<PostOps> PostOpsOf(const OpCall& call);

// How much larger than `bound` the op may make what it is given, where what else it reads is no
// larger than `operand`.
double GrownBy(const OpCall& op, double bound, double operand);

}  // namespace tenter
