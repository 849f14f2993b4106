// The rows of the op table, one array per file. FindOp (op.cc) looks through them all; there is no
// registration at start-up and so no order of initialisation to get wrong.
//
// Thread safety: constant data.
// Ownership and lifetime: static storage.
// Invariants: an op type occurs once in all arrays together (checked by the test of this room).
#pragma once

#include <span>

#include "runtime/ops/op.h"

namespace tenter {

std::span<const OpType> ElementwiseOps();
std::span<const OpType> ConvolutionOps();
std::span<const OpType> PoolingOps();
std::span<const OpType> LinearOps();
std::span<const OpType> NormalisationOps();
std::span<const OpType> ReshapingOps();
std::span<const OpType> MovementOps();

}  // namespace tenter
