// Numbers of a CSV file: what the text of one is as an element of its type, by the words of
// harness/target/target.h and without a reader: the oracle of `row number TEXT`.
//
// Integers are compared digit by digit, so that no type is too small for what is drawn; floats are
// what the C library reads.
//
// Thread safety: pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/target/target.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz::iterator {

size_t Width(tgt_dtype dtype);

// The bytes of the element, or nothing: the text is no number of this type, and its row bad.
// Blanks around a number are no part of it.
std::optional<std::string> ElementOf(tgt_dtype dtype, std::string_view text);

// Whether the element at `bytes` is the one that the text stands for. A NaN is any other one.
bool IsElement(tgt_dtype dtype, const char* bytes, std::string_view text);

// A text at the edges of the type, rather than between them, good or bad; '_' stands for a blank.
std::string DrawNumber(tgt_dtype dtype, Rng* rng);

}  // namespace tenter::fuzz::iterator
