// Running: a program that runs on an engine of a target.
//
// Path: RunProgram -> Run: a thread per pusher executes its statements -> Drain -> the engine ends.
//
// Thread safety: Run on one thread; statements are executed by the pushers and inside bodies.
// Ownership and lifetime: borrows everything; the engine is freed at the end of Run, before
//   everything that its bodies use.
#pragma once

#include "fuzz/engine/run/letters.h"
#include "fuzz/engine/run/notes.h"
#include "fuzz/process/watchdog.h"
#include "fuzz/target_engine/run/bodies.h"

namespace tenter::fuzz::target_engine {

class Running {
 public:
  Running(const Program& program, const TargetInstance& target, Watchdog* watchdog, Notes* notes,
          TargetHistory* history);

  void Run();

 private:
  void RunActor(Actor actor, const HandlesPtr* handles);
  void RunStatement(size_t index, const HandlesPtr& handles);
  void Do(size_t index, const HandlesPtr& handles, StatementSeen* seen);
  void Stop(const Statement& s, StatementSeen* seen);
  void WaitFor(const Handle& handle, bool nobody_writes, VarWait* wait);
  void WaitForAll(AllWait* wait);

  // The end of a case: everything ends, and all that is left is looked at.
  void Drain();
  void AwaitEnds();
  void LookAtVars();

  const Program& program_;
  const bool sequential_;
  const tgt_error_rule error_rule_;
  Watchdog& watchdog_;
  Notes& notes_;
  TargetHistory& history_;
  EngineCalls engine_;
  Letters letters_;
  Bodies bodies_;
};

}  // namespace tenter::fuzz::target_engine
