// Unfold: a program with replays as the pushes that it stands for, so that model and judges know of
// pushes only.
//
// A replay of n ops is n pushes of its thread with consecutive push numbers: statement `replay 1`
// becomes its ops, each with the span of the call and the run that has its number. Recorded pushes
// themselves disappear. Its ops are in the scope of the replay.
//
// A push in a bulk does not return its push number. Where nobody else pushes it is the one after
// that of the push before; with several pushers each op runs, and its body was told. After a stop,
// or when a var was deleted, the engine refuses the op behind the call, and says so at the Flush.
//
// Thread safety: pure.
// Ownership and lifetime: values.
// Invariants: a program without captured programs comes back as it is. Ops of several replays have
//   the same number; push numbers tell them apart.
// Errors: runs that belong to no replay are counted (History::stray_runs).
#pragma once

#include "fuzz/engine/history/history.h"
#include "fuzz/engine/program/program.h"

namespace tenter::fuzz {

struct Unfolded {
  Program program;
  History history;
};

Unfolded Unfold(const Program& program, const History& history);

}  // namespace tenter::fuzz
