// Access and NormaliseAccesses: how an op uses its vars, after duplicates are collapsed (ENG-4).
//
// Thread safety: pure functions and plain values.
// Ownership and lifetime: values.
// Invariants: after NormaliseAccesses every var occurs once; a var that is both read and written
//   is an update; the order is by var index, the same for every spelling of the same sets.
// Errors: none; stale handles are found later, by the engine.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/engine/var.h"

namespace tenter {

enum class AccessMode : uint8_t {
  kRead,    // sees the value
  kWrite,   // replaces the value without seeing it: heals a poisoned var (ERR-4)
  kUpdate,  // sees and replaces the value: fails on a poisoned var
};

inline bool Reads(AccessMode mode) { return mode != AccessMode::kWrite; }
inline bool Writes(AccessMode mode) { return mode != AccessMode::kRead; }

struct VarAccess {
  Var var;
  AccessMode mode;
  bool operator==(const VarAccess&) const = default;
};

// One entry per var of `reads` and `writes`, ordered by index.
std::vector<VarAccess> NormaliseAccesses(std::span<const Var> reads, std::span<const Var> writes);

}  // namespace tenter
