// Large constants: those that lie on pages of their own from the moment that they are read, so that
// SealParameters moves the pages instead of copying what is on them.
//
// Thread safety: any thread, on values of its own.
// Ownership and lifetime: constant and `Value::pages` share the pages; so do copies of a value.
// Errors: kResourceExhausted.
#pragma once

#include <string>

#include "runtime/base/status.h"
#include "runtime/graph/graph.h"

namespace tenter {

// From so many bytes on: of what is smaller the unused rest of a page would be a large part.
inline constexpr size_t kLargeBytes = 16 << 10;

// A value with a zeroed constant, on pages of its own if that is large.
Result<Value> NewConstant(std::string name, const TensorSpec& spec);

// True when nothing but this value refers to the pages that its constant lies on.
bool IsAlone(const Value& value);

}  // namespace tenter
