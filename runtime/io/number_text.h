// AppendNumber: the text of one number as the bytes of its element type.
//
// Path: CsvSource (a field of a row) -> AppendNumber -> the bytes of the batch.
//
// Floats are what the C library's strtod takes in the "C" locale, rounded as it rounds: decimals,
// "inf", "infinity" and "nan" in any case. What is too small for its type is zero or a denormal
// number, which is how arithmetic rounds it too. Integers are decimal digits. Every type takes one
// sign; below zero an unsigned type is out of range. Hexadecimal numbers are not numbers here:
// nobody writes them into a table, and "0x10" is rather a key than sixteen.
//
// Thread safety: a pure function.
// Invariants: nothing is appended with an error.
// Errors: invalid_argument (not a number), result_out_of_range (too large for the type),
//   not_supported (no text stands for that type).
#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "runtime/tensor/dtype.h"

namespace tenter {

// `text` is the number and nothing else: no blanks around it.
std::errc AppendNumber(DType dtype, std::string_view text, std::string* bytes);

}  // namespace tenter
