// Bulk: small ops of one thread, handed to the engine in groups.
//
// A group is one event on all vars that its ops use, runs on one worker in push order, and asks
// each var once. To the contracts its ops are ops as any other: each takes a push number, fails, is
// skipped, poisons and heals by itself (ERR-1 to ERR-5).
//
// A group goes to the engine when it is full, at Flush, when the Bulk is destroyed, when its thread
// pushes something else, before any thread waits or stops the engine, and with an op in a scope for
// which somebody waits: a bulk never delays a wait. An async op, or one with a priority or a
// deadline, ends the group and goes alone.
//
// Path: Engine::NewBulk -> Push, Push, ... -> Flush.
//
// Thread safety: Push and Flush from any thread. Its thread, in the text above, is that which made
//   it: only what that one pushes beside the bulk is in order with it.
// Ownership and lifetime: the engine must outlive it.
// Invariants: the order of one thread's pushes is kept (ENG-3), through the Bulk and beside it.
// Errors: an error of Push is about its own op, which was not taken. An op whose group was refused
//   for another op is pushed alone; the first that was refused then (kStopped, kStaleHandle) is
//   returned by the next Flush, once.
#pragma once

#include "runtime/engine/op.h"

namespace tenter {

class Bulk {
 public:
  static constexpr size_t kDefaultOps = 16;

  virtual ~Bulk() = default;
  virtual Status Push(Op&& op) = 0;
  virtual Status Flush() = 0;
};

}  // namespace tenter
