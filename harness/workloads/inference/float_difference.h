// FloatDifference: how far two arrays of numbers lie apart, in ULPs: how many numbers of the type
// lie between one and the other. One ULP is another order of the same sums, a million is another
// answer.
//
// Thread safety: pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tenter {

// 0 for the same bits, and for the two zeros; the largest number where one of them alone is no
// number, or both are and differ.
uint64_t UlpsBetween(float one, float other);
uint64_t UlpsBetween(double one, double other);

// "2 of 8 elements differ, first at 3 (expected 0.5, found 0.50000006, 1 ULP), largest
// difference 0.25, at most 4194304 ULP"; where there are NaNs on one side, "1 of them by a NaN" in
// place of the last two. REQUIRES: some differ in their bits. Both may lie anywhere in memory.
std::string FloatDifference(const float* found, const void* wanted, size_t count);
std::string FloatDifference(const double* found, const void* wanted, size_t count);

}  // namespace tenter
