// Bodies: the code of the ops and deleters of a running case.
//
// Path: Pushes -> Of -> Engine::Push -> a worker calls the body -> Notes.
//
// Thread safety: each body on one thread at a time, as the engine calls it.
// Ownership and lifetime: borrows everything; outlives the engine, as its bodies refer to it.
// Invariants: values are plain integers that only the engine keeps apart: a wrong order is a data
//   race that ThreadSanitizer can see.
#pragma once

#include <functional>
#include <vector>

#include "fuzz/engine/ends/held_handles.h"
#include "fuzz/engine/ends/racing_bodies.h"
#include "fuzz/engine/run/letters.h"
#include "fuzz/engine/run/meetings.h"
#include "fuzz/engine/run/notes.h"
#include "fuzz/engine/run/tools.h"

namespace tenter::fuzz {

class Bodies {
 public:
  // Executes the statements of the body of an op, with what the letters meant as it was pushed.
  using Inside = std::function<void(int op, const HandlesPtr&)>;

  Bodies(const Program& program, uint64_t round, const Tools& tools, Notes& notes, Inside inside);

  // `deadline_ns` is that of an op that races.
  OpBody Of(size_t index, const HandlesPtr& handles, int64_t deadline_ns);
  std::function<void()> DeleterOf(size_t index);

  // What is in the var, read without asking the engine. REQUIRES: nobody writes it.
  void ReadValue(int instance, VarSeen* seen) const;
  void UseHeldHandles() { held_.UseAll(); }

  // How many bodies, with all that they captured, are alive: those of ops that end with their body,
  // which are gone when the op has ended; and all others, which are gone with the engine.
  int64_t sync_alive() const { return sync_alive_.Load(kAcquire); }
  int64_t others_alive() const { return others_alive_.Load(kAcquire); }

 private:
  RunSeen* Begin(size_t index, const HandlesPtr& handles, const OpContext& context);
  void Finish(size_t index, RunSeen* run);
  void RunSync(size_t index, const HandlesPtr& handles, const OpContext& context);
  void RunAsync(size_t index, const HandlesPtr& handles, const OpContext& context, Completion done);
  void Complete(size_t index, RunSeen* run, Completion handle);
  void Delete(size_t index);

  const Program& program_;
  const uint64_t round_;
  const Tools tools_;
  Notes& notes_;
  const Inside inside_;
  std::vector<int64_t> values_;  // by instance
  Meetings meetings_;
  RacingBodies racing_;
  HeldHandles held_;
  Atomic<int64_t> sync_alive_ = 0, others_alive_ = 0;
};

}  // namespace tenter::fuzz
