// MakeRowProduct: one row times a matrix, such as the last layer of a classifier for one image.
//
// Each number of the matrix is read once, in the order in which they lie, so this runs as fast as
// memory delivers them. The library packs the matrix in each run, which takes twice as long.
//
// Path: the rows of Gemm and MatMul in the op table -> here, else MakeOneDnnGemm, MakeOneDnnMatMul.
//
// Thread safety: pure functions; Run is const and may run concurrently.
// Ownership and lifetime: the kernel borrows nothing.
// Invariants: the same bits in each run on one machine: the order of a sum depends on the length of
//   the row, and not on how many columns the matrix has.
// Errors: kUnsupported for other shapes and scales, and for a call with an epilogue.
#pragma once

#include "runtime/ops/calls.h"

namespace tenter {

MadeKernel MakeRowProduct(const OpCall& call);

// Whether the call is one that MakeRowProduct would take, were it not for the epilogue.
bool IsRowProduct(const OpCall& call);

}  // namespace tenter
