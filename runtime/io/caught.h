// Caught: the answer of a function, or what it throws as a Status.
//
// It is used where an exception must not pass: around what our own threads do, since nobody could
// catch an exception there, and around public functions, which return a Status.
//
// Thread safety: any thread.
// Invariants: it does not throw: a failure for whose words there is no memory is called "out of
//   memory", which std::string keeps without allocating.
#pragma once

#include <utility>

#include "runtime/base/status.h"
#include "runtime/base/thrown.h"

namespace tenter {

// REQUIRES: called inside a catch block.
inline Status CaughtStatus() noexcept {
  try {
    return Thrown::Current().ToStatus();
  } catch (...) {
    return {StatusCode::kResourceExhausted, "out of memory"};
  }
}

// `function` returns a Status or a Result.
template <typename Function>
auto Caught(Function&& function) noexcept -> decltype(function()) {
  try {
    return std::forward<Function>(function)();
  } catch (...) {
    return CaughtStatus();
  }
}

}  // namespace tenter
