// How messages about a model file are worded: one line of ASCII that every report can carry.
//
// Thread safety: any thread.
#pragma once

#include <string>
#include <utility>

#include "runtime/base/status.h"

namespace tenter {

// The model contradicts itself.
inline Status Contradiction(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}

// `text` without what is not printable ASCII, and cut when it is very long: names in a model file
// may hold any bytes.
inline std::string Printable(std::string text) {
  constexpr size_t kLengthMax = 2000;
  for (char& c : text)
    if (c < 0x20 || c > 0x7e) c = '?';
  if (text.size() > kLengthMax) text = text.substr(0, kLengthMax) + "...";
  return text;
}

inline std::string Quoted(const std::string& name) { return "'" + name + "'"; }

}  // namespace tenter
