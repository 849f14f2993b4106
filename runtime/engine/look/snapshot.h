// EngineSnapshot: what an engine looks like at one moment, for people and for watchdogs.
//
// Path: Engine::Snapshot -> ToText (a dump of a stuck run), ToJson (a report).
//
// Thread safety: a plain value.
// Ownership and lifetime: owns everything; nothing in it points into the engine.
// Invariants: ops are ordered by push number, vars by index; only vars that are in use or poisoned
//   are listed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tenter {

struct EngineSnapshot {
  struct Op {
    std::string name;  // its first 31 bytes when it was read beside its owner
    uint64_t push_number = 0;
    std::string state;                // "waits", "is ready", "is running", "waits for its handle"
    std::vector<uint32_t> waits_for;  // vars
  };
  struct VarUse {
    uint32_t index = 0;
    uint32_t readers = 0;     // that hold it now
    bool writing = false;     // a writer holds it
    uint32_t queued = 0;      // ops and waiting threads behind those
    std::string poison = {};  // the root failure, or empty
  };

  std::string engine = {};                // "threaded" or "naive"
  std::vector<std::string> workers = {};  // the op that each runs, or empty
  int asleep = 0;                         // workers
  int gone = 0;                           // workers that were idle for long and ended
  uint64_t live_ops = 0;
  int waiting_for_all = 0;  // threads
  bool stopping = false;
  std::vector<Op> ops = {};
  std::vector<VarUse> vars = {};

  // At most `shown` ops and vars, so that a million pending ops do not make a dump unreadable.
  std::string ToText(size_t shown = 50) const;
  std::string ToJson() const;
};

}  // namespace tenter
