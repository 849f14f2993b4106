// Execution: a program that runs on its engine.
//
// Path: Execute -> Run: a thread per pusher executes its statements -> Drain -> the engine ends.
//
// Thread safety: Run on one thread; statements are executed by the pushers and inside bodies.
// Ownership and lifetime: owns the engine; borrows program, tools and notes.
// Invariants: the engine goes before everything that its bodies use.
#pragma once

#include <memory>

#include "fuzz/engine/beside/crowd.h"
#include "fuzz/engine/run/pushes.h"
#include "fuzz/engine/run/rounds.h"
#include "runtime/base/gate.h"

namespace tenter::fuzz {

class Execution {
 public:
  Execution(const Program& program, const Tools& tools, uint64_t round, Notes& notes,
            std::unique_ptr<Engine> engine);

  void Run();

  // Bodies that are still alive, when the engine is gone.
  int64_t bodies_left() const { return bodies_.others_alive(); }

 private:
  void RunThreads();
  void RunPusher(int number);
  void PushGate();
  void EndCrowd();
  void RunActor(Actor actor, const HandlesPtr* handles);
  void RunStatement(size_t index, const HandlesPtr& handles);
  void Do(size_t index, const HandlesPtr& handles, StatementSeen* seen);
  void LetBodiesBegin(size_t index) const;
  void SetTimeout(size_t index, StatementSeen* seen);
  void Wait(const Handle& handle, VarSeen* seen);

  const Program& program_;
  const Tools& tools_;
  const uint64_t round_;
  Notes& notes_;
  // ENG-10: one op holds the only worker until `gate_` opens; `held_` is open when it does so.
  Gate gate_, held_;
  Letters letters_;
  Scopes scopes_;
  Rounds rounds_;
  Bodies bodies_;
  Pushes pushes_;
  std::unique_ptr<Crowd> crowd_;
  std::unique_ptr<Engine> engine_;  // last: its bodies use everything above
};

}  // namespace tenter::fuzz
