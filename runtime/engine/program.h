// Recording and Program: a sequence of pushes that is recorded once and replayed many times. The
// dependencies between its ops are found when it is captured, so that a replay asks the vars once
// for all of them (the static path of a compiled model).
//
// To the contracts a replay of n ops is one push: it takes n push numbers in a row, it is one event
// on all vars that any op uses (ENG-2), and a wait that is called after it waits for all of it.
// Inside, each op fails, is skipped, poisons and heals by itself, exactly as if it had been pushed
// alone (ERR-1 to ERR-5).
//
// Path: Recording::Push -> Engine::Capture -> Engine::Replay, again and again.
//
// Thread safety: a Recording belongs to one thread. A Program may be replayed from any thread;
//   replays of one program run one after the other, whatever they use.
// A replay ends when its ops have ended; the next one starts when no completion handle of it is
// left either, since an op exists once.
//
// Ownership and lifetime: a Program owns names and bodies, which are kept for the next replay; a
//   pending replay keeps it alive. It must not outlive its engine.
// Invariants: (1) an edge goes from an op to a later one. (2) two ops that conflict on a var are
//   connected by a path. (3) every op ends once per replay.
// Errors: Capture returns kInvalidArgument (nothing recorded, an op without a body), kStopped or
//   kResourceExhausted; Replay as Push.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/base/mutex.h"
#include "runtime/engine/failure.h"
#include "runtime/engine/op.h"
#include "runtime/engine/pending_op.h"

namespace tenter {

class Engine;
class Program;

// One op of a program. Its accesses carry the slot of their var beside the var.
class ProgramNode : public PendingOp {
 public:
  ProgramNode() { role = Role::kNode; }

  int64_t timeout_ns = 0;
  uint32_t waits_for_nodes = 0;  // edges that end here
  std::vector<ProgramNode*> successors;
};

// What Capture takes.
class Recording {
 public:
  // As Engine::Push, for later. Priorities have no meaning inside a program.
  void Push(Op&& op);

  size_t size() const { return nodes_.size(); }
  bool has_deadlines() const;

  // kInvalidArgument when there is nothing to capture.
  Status Check() const;

 private:
  friend class Program;
  std::vector<std::unique_ptr<ProgramNode>> nodes_;
};

// The programs of an engine, for those who look at it from outside.
class ProgramList {
 public:
  void Add(const Program* program) EXCLUDES(mutex_);
  void Remove(const Program* program) EXCLUDES(mutex_);

  // Calls visit(node) for every op of every program that is being replayed.
  template <typename Visit>
  void ForEachNode(Visit visit) const EXCLUDES(mutex_);

  Mutex& mutex() RETURN_CAPABILITY(mutex_) { return mutex_; }

 private:
  mutable Mutex mutex_;
  std::vector<const Program*> programs_ GUARDED_BY(mutex_);
};

class Program {
 public:
  // Finds slots and edges. `self` is a var of the program alone, which makes replays exclusive.
  Program(Engine* engine, Var self, Recording recording, ProgramList* list);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  size_t size() const { return nodes_.size(); }
  size_t edges() const { return edges_; }

 private:
  friend class NaiveEngine;
  friend class ProgramList;
  friend class ThreadedEngine;
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

  // Of the replay that runs.
  PendingOp* replay_ = nullptr;
  Atomic<uint32_t> nodes_open_ = 0;  // not ended
  Atomic<uint32_t> users_ = 0;       // async nodes that a handle or a body may use, and the replay
};

using ProgramPtr = std::shared_ptr<Program>;

// What Engine::Capture is, for every engine.
Result<ProgramPtr> MakeProgram(Engine* engine, Recording recording, ProgramList* list);

template <typename Visit>
void ProgramList::ForEachNode(Visit visit) const {
  MutexLock lock(mutex_);
  for (const Program* program : programs_)
    if (program->users_.Load(kAcquire) > 0)
      for (const auto& node : program->nodes_) visit(*node);
}

}  // namespace tenter
