// HashText: a hash as a report shows it, and as two runs compare it.
//
// Thread safety: pure.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace tenter {

inline std::string HashText(uint64_t hash) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

}  // namespace tenter
