// Replays: captured programs in the threaded engine. A replay is one pending op over all vars of
// the program; its nodes are run like ops, and ended by counting down their successors instead of
// asking the vars.
//
// Path: ThreadedEngine::Replay -> Prepare -> a push -> a worker calls Start -> its nodes, each
// ended by EndNode; the last one ends the replay.
//
// Thread safety: every method from any thread, by whoever has the op.
// Ownership and lifetime: a replay keeps its program until UserGone was called by the end of the
//   replay and for every async node. A node may be gone, with its program, once that has happened.
// Invariants: replays of one program are exclusive, by a var of the program alone.
// Errors: Prepare throws std::bad_alloc.
#pragma once

#include "runtime/engine/pending/captured_program.h"
#include "runtime/engine/pending/op_pool.h"
#include "runtime/engine/threaded/op_ends.h"

namespace tenter {

class Replays {
 public:
  Replays(OpPool* pool, Dependencies* dependencies, ReadyOps* ready, OpEnds* ends)
      : pool_(pool), dependencies_(dependencies), ready_(ready), ends_(ends) {}

  // The op that stands for a replay of `program`.
  PendingOp* Prepare(const ProgramPtr& program, FailureScope* scope);
  // Runs it; returns the first node to run.
  PendingOp* Start(PendingOp* op);
  // Ends a node. `worker` and the result as in OpEnds.
  PendingOp* EndNode(ProgramNode* node, const PoisonPtr& poison, int worker);
  // An async node that nobody uses any more, or the end of the replay. The last lets the program
  // go.
  void UserGone(CapturedProgram* program, int worker, PendingOp** next);

  // Calls visit(node) for the nodes of `replay`, which has started.
  template <typename Visit>
  static void ForEachNode(const PendingOp& replay, Visit visit) {
    for (const auto& node : replay.program->nodes_) visit(node.get());
  }

 private:
  PendingOp* EndReplay(CapturedProgram* program, int worker);

  OpPool* const pool_;
  Dependencies* const dependencies_;
  ReadyOps* const ready_;
  OpEnds* const ends_;
};

}  // namespace tenter
