// Var: a name for a value that ops read and write; the unit of dependency.
//
// Thread safety: a plain value, copied freely.
// Ownership and lifetime: the handle owns nothing; the var lives in its engine from NewVar to the
//   end of DeleteVar. A handle kept after DeleteVar is recognised by its generation (ENG-8).
// Invariants: (index, generation) names at most one var over the life of an engine.
// Errors: using a stale handle is answered with kStaleHandle, never with another var's value.
#pragma once

#include <cstdint>
#include <string>

namespace tenter {

struct Var {
  uint32_t index = UINT32_MAX;
  uint32_t generation = 0;

  bool operator==(const Var&) const = default;
  std::string ToString() const { return "v" + std::to_string(index); }
};

}  // namespace tenter
