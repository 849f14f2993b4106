// CapturedProgram: what a Program is inside an engine: ops that keep their accesses, the edges
// between them, and the state of the replay that runs.
//
// Path: Engine::Capture -> MakeProgram -> Engine::Replay -> its nodes, which count each other down.
//
// Thread safety: constant after its construction, but for the state of the replay, which belongs to
//   whoever runs the replay; replays are exclusive, by a var of the program alone. ProgramList has
//   a lock.
// Ownership and lifetime: owns its nodes; stands in the list of its engine from its construction to
//   its end, so whoever holds the lock of that list may look at any node.
// Invariants: (1) an edge goes from an op to a later one. (2) two ops that conflict on a var are
//   connected by a path. (3) every op ends once per replay.
// Errors: construction throws std::bad_alloc.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/base/small_mutex.h"
#include "runtime/base/status.h"
#include "runtime/engine/failure/failure.h"
#include "runtime/engine/pending/pending_op.h"
#include "runtime/engine/program.h"

namespace tenter {

class Engine;
class CapturedProgram;

// One op of a program. Its accesses carry the slot of their var beside the var.
class ProgramNode : public PendingOp {
 public:
  ProgramNode() { role = Role::kNode; }

  int64_t timeout_ns = 0;
  uint32_t waits_for_nodes = 0;  // edges that end here
  std::vector<ProgramNode*> successors;
};

// The programs of an engine, for those who look at it from outside, and the vars that they have of
// their own.
class ProgramList {
 public:
  // A var for a new program. Errors: as Engine::NewVar.
  Result<Var> NewVar(Engine* engine) EXCLUDES(mutex_);
  // Deletes the var of a program, or keeps it for the next one, when there is no memory to delete
  // it. A stopped engine refuses, and needs it no more.
  void DropVar(Engine* engine, Var var) EXCLUDES(mutex_);

  void Add(const CapturedProgram* program) EXCLUDES(mutex_);
  void Remove(const CapturedProgram* program) EXCLUDES(mutex_);

  // Calls visit(node) for every op of every program that is being replayed.
  template <typename Visit>
  void ForEachNode(Visit visit) const EXCLUDES(mutex_);

  // Whoever holds it may look at the nodes of all programs. Taken over a fork.
  SmallMutex& mutex() const RETURN_CAPABILITY(mutex_) { return mutex_; }

 private:
  mutable SmallMutex mutex_;
  std::vector<const CapturedProgram*> programs_ GUARDED_BY(mutex_);
  size_t vars_ GUARDED_BY(mutex_) = 0;        // made and not dropped
  std::vector<Var> kept_ GUARDED_BY(mutex_);  // has room for `vars_` more
};

class CapturedProgram final : public Program {
 public:
  // Finds slots and edges. `self` is a var of the program alone, which makes replays exclusive.
  CapturedProgram(Engine* engine, Var self, Recording recording, ProgramList* list);
  ~CapturedProgram() override;

  size_t size() const override { return nodes_.size(); }
  size_t edges() const override { return edges_; }

  // In the child of a fork: the completion of a node is held by a thread of the parent, or by a
  // thread that may still use it. So the nodes cannot be used again, and replays are refused.
  void LoseByFork() { lost_by_fork_ = true; }
  bool lost_by_fork() const { return lost_by_fork_; }

  // What the nodes before left in a var, while it is replayed.
  const PoisonPtr& PoisonIn(uint32_t slot) const { return slots_[slot].poison; }

 private:
  friend class NaiveEngine;
  friend class ProgramList;
  friend class Replays;
  struct Slot {
    Var var;
    bool written = false;        // by any op
    PoisonPtr poison = nullptr;  // while it is replayed; ordered by the edges
  };

  void AssignSlots();
  void AddEdges();
  void Connect(ProgramNode* from, ProgramNode* to, std::vector<ProgramNode*>* connected);

  Engine* const engine_;
  const Var self_;
  ProgramList* const list_;
  const bool has_deadlines_;
  uint32_t async_nodes_ = 0;
  std::vector<std::unique_ptr<ProgramNode>> nodes_;
  std::vector<ProgramNode*> roots_;
  std::vector<Slot> slots_;  // ordered by the index of their var; `self` is among them
  size_t edges_ = 0;
  bool lost_by_fork_ = false;  // written by the first call in a child, before anything runs there

  // Of the replay that runs.
  PendingOp* replay_ = nullptr;
  Atomic<uint32_t> nodes_open_ = 0;  // not ended
  Atomic<uint32_t> users_ = 0;       // async nodes that a handle or a body may use, and the replay
};

// What Engine::Capture is, for every engine.
Result<ProgramPtr> MakeProgram(Engine* engine, Recording recording, ProgramList* list);

template <typename Visit>
void ProgramList::ForEachNode(Visit visit) const {
  SmallMutexLock lock(mutex_);
  for (const CapturedProgram* program : programs_)
    if (program->users_.Load(kAcquire) > 0)
      for (const auto& node : program->nodes_) visit(*node);
}

}  // namespace tenter
