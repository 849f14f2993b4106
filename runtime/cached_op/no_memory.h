// NoMemory: how a failed allocation, and any other exception, becomes a Status without allocating
// or throwing.
//
// Thread safety: pure functions.
// Ownership and lifetime: return values.
// Invariants: the text is short enough to lie inside a std::string, so that neither making nor
//   copying this status allocates.
#pragma once

#include "runtime/base/status.h"
#include "runtime/base/thrown.h"

namespace tenter {

inline Status NoMemory() noexcept { return {StatusCode::kResourceExhausted, "out of memory"}; }

inline Status MadeStatus(StatusCode code, const char* message) noexcept {
  try {
    return {code, message};
  } catch (...) {
    return NoMemory();
  }
}

// `status`, or NoMemory when there is no memory to copy its text.
inline Status CopyOf(const Status& status) noexcept {
  try {
    return status;
  } catch (...) {
    return NoMemory();
  }
}

// The exception that is being handled; NoMemory when there is no memory to describe it either.
// REQUIRES: called inside a catch block.
inline Status StatusOfCurrent() noexcept {
  try {
    return Thrown::Current().ToStatus();
  } catch (...) {
    return NoMemory();
  }
}

}  // namespace tenter
