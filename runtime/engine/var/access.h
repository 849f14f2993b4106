// Access and NormaliseAccesses: how an op uses its vars, after duplicates are collapsed (ENG-4),
// and its place in the queue of each of them.
//
// Thread safety: plain values; `granted` and `next` are guarded by the lock of the var.
// Ownership and lifetime: an access must stay at its address from VarQueue::Append to Complete;
//   its op owns it.
// Invariants: after NormaliseAccesses every var occurs once; a var that is both read and written
//   is an update; the order is by var index, the same for every spelling of the same sets. Two
//   handles of one slot stand side by side: one of them is stale, and the push is refused.
// Errors: stale handles are found later, by the engine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/engine/var_list.h"

namespace tenter {

class PendingOp;

enum class AccessMode : uint8_t {
  kRead,    // sees the value
  kWrite,   // replaces the value without seeing it: heals a poisoned var (ERR-4)
  kUpdate,  // sees and replaces the value: fails on a poisoned var
  kWait,    // a thread that waits: sees the value for an instant and holds nothing
};

inline bool Reads(AccessMode mode) { return mode != AccessMode::kWrite; }
inline bool Writes(AccessMode mode) {
  return mode == AccessMode::kWrite || mode == AccessMode::kUpdate;
}

struct Access {
  Var var = {};
  AccessMode mode = AccessMode::kRead;
  bool granted = false;
  uint32_t slot = 0;        // of the var in a captured program
  PendingOp* op = nullptr;  // null for a wait
  Access* next = nullptr;   // in the queue of the var; after Complete: in the list of grants
};

// What NormaliseAccesses needs beside `out` for `uses` uses: so many keys. None when there are few.
inline constexpr size_t kFewUses = 16;
inline size_t KeysFor(size_t uses) { return uses > kFewUses ? 2 * uses : 0; }

// Writes one entry per var of `reads` and `writes`, ordered by index, to `out`, which has room for
// all of both; `keys` has room for KeysFor of them. Returns how many it wrote. Sets var and mode
// only.
size_t NormaliseAccesses(const VarList& reads, const VarList& writes, Access* out, uint64_t* keys);

// As NormaliseAccesses, for accesses that are there already.
size_t MergeAccesses(Access* begin, Access* end);

}  // namespace tenter
