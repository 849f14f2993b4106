// MakeRowArithmetic: a tensor and one row, which every row of it is added to, multiplied by and so
// on: the channels of an image with the channels last, or a bias.
//
// Path: the rows of Add, Sub, Mul, Div and Sum in the op table -> here, else MakeOneDnnBinary.
//
// Thread safety: pure functions.
// Ownership and lifetime: the kernel borrows nothing.
// Invariants: the same bits as the reference kernel, since each number is one operation.
// Errors: kUnsupported for other shapes and types.
#pragma once

#include "runtime/ops/calls.h"

namespace tenter {

MadeKernel MakeRowArithmetic(const OpCall& call);

}  // namespace tenter
