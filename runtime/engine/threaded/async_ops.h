// AsyncOps: who ends an async op. Its body, its completion handle and its deadline race for it.
// Each is a *user* of the op, a bit in PendingOp::bits; whoever sets kClaimed first ends it, and
// whoever is the last user gives it back. One atomic step per user decides both.
//
// Path: a worker calls Begin, StartTimer and the body, then BodyReturned; a thread of the user
// calls the handle; the thread of Deadlines says that time is up.
//
// Thread safety: every method from any thread; FailLost and LoseHandles in the child of a fork,
//   before anything runs there.
// Ownership and lifetime: a handle points here, so the destructor of the engine calls AwaitHandles
//   first. An op stays valid until its last user has gone.
// Invariants: every op ends once. A late success changes nothing; a late error is a failure of its
//   own.
// Errors: StartTimer throws std::bad_alloc.
#pragma once

#include "runtime/base/probe.h"
#include "runtime/engine/completion.h"
#include "runtime/engine/fork/fork_gate.h"
#include "runtime/engine/pending/outcome.h"
#include "runtime/engine/pending/pending_op.h"
#include "runtime/engine/threaded/handles.h"
#include "runtime/engine/wait/deadlines.h"

namespace tenter {

// What AsyncOps needs of its engine.
class AsyncHost {
 public:
  // Ends `op`, whose block stays; `worker` as in OpEnds. Returns what the worker runs next, or
  // null.
  virtual PendingOp* End(PendingOp* op, Outcome outcome, int worker) = 0;
  virtual void RecordLate(const PendingOp& op, Thrown thrown) = 0;
  // Nobody uses the op any more.
  virtual void GiveBackAsync(PendingOp* op) = 0;

 protected:
  ~AsyncHost() = default;
};

class AsyncOps final : private CompletionSink {
 public:
  AsyncOps(AsyncHost* host, ForkGate* gate, Deadlines* deadlines, Probe* probe)
      : host_(host), gate_(gate), deadlines_(deadlines), probe_(probe) {}

  // The handle of an op whose body is about to run.
  Completion Begin(PendingOp* op);
  // From now on the deadline of the op, if it has one, may end it.
  void StartTimer(PendingOp* op);
  // `thrown` is what the body threw, if anything. Returns what the worker runs next, or null.
  PendingOp* BodyReturned(PendingOp* op, int worker, Thrown thrown);

  // Blocks until no handle is left.
  void AwaitHandles() { handles_.AwaitNone(); }

  // In the child of a fork: the completion of an op that was under way may be held by a thread of
  // the parent, and then never comes. A handle that this thread holds is late, which is no error.
  void LoseHandles() { handles_.Lose(); }
  void FailLost(PendingOp* op);
  Handles& handles() { return handles_; }  // for a fork

 private:
  void OnCompleted(void* op, Thrown error) override;
  void OnDropped(void* op) override;
  void HandleUsed(PendingOp* op, Outcome outcome);
  void EndByHandle(PendingOp* op, Outcome outcome);
  void DeadlinePassed(PendingOp* op);
  void Release(PendingOp* op, uint32_t users);

  AsyncHost* const host_;
  ForkGate* const gate_;
  Deadlines* const deadlines_;
  Probe* const probe_;
  Handles handles_;
};

}  // namespace tenter
