// MeansOfRows: the mean of each row of a matrix, as a normalisation of a layer wants it.
//
// Path: the row of ReduceMean in the op table, where the last axes are reduced -> here.
//
// Thread safety: pure functions.
// Ownership and lifetime: borrow what they are given, for the call.
// Invariants: the bits depend on the numbers of the row, on how many they are, and on the machine.
// Errors: no function fails.
#pragma once

#include <cstdint>

namespace tenter {

// Writes a number for each of `rows` rows of `columns` numbers.
using ComputeMeans = void (*)(const float* in, int64_t rows, int64_t columns, float* out);

// The one for this machine.
ComputeMeans MeansOfRows();

}  // namespace tenter
