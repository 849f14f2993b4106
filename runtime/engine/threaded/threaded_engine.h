// ThreadedEngine: 1..N workers; dependencies by one VarQueue per var; no lock for all.
//
// Path: Push -> Dependencies::Enqueue -> ReadyOps -> a worker runs it -> OpEnds: its accesses are
// completed one after the other, what it writes is poisoned or healed, and dependents become ready;
// the first of these runs next on the same worker.
//
// It is put together from parts, each with a header of its own: who waits for whom (Dependencies),
// what may run (ReadyOps), the threads (Workers), the end of an op (OpEnds), of an async one
// (AsyncOps) and of a program (Replays), groups (OpenBulks), and what a fork needs (ForkGate,
// WorkerPause). The lock order is in the README of the room.
//
// Thread safety: as Engine.
// Ownership and lifetime: owns the parts. The destructor waits for outstanding completion handles,
//   which point into the engine.
// Invariants: (1) an op is ready exactly when all its accesses are granted. (2) an op runs after
//   everything it depends on has ended, so the dependency graph follows push numbers and has no
//   cycle. (3) what an op reads was written before its grant.
// Errors: as Engine.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/failure/failures.h"
#include "runtime/engine/fork/fork_gate.h"
#include "runtime/engine/fork/worker_pause.h"
#include "runtime/engine/pending/op_pool.h"
#include "runtime/engine/ready/ready_ops.h"
#include "runtime/engine/threaded/async_ops.h"
#include "runtime/engine/threaded/op_ends.h"
#include "runtime/engine/threaded/open_bulks.h"
#include "runtime/engine/threaded/replays.h"
#include "runtime/engine/threaded/workers.h"
#include "runtime/engine/var/dependencies.h"
#include "runtime/engine/wait/deadlines.h"
#include "runtime/engine/wait/epochs.h"

namespace tenter {

class SignalText;

class ThreadedEngine final : public Engine,
                             private AsyncHost,
                             private BulkHost,
                             private ForkMember,
                             private ScopeHost {
 public:
  explicit ThreadedEngine(const EngineOptions& options);
  ~ThreadedEngine() override;

  Result<Var> NewVar() override;
  Result<uint64_t> Push(Op&& op) override;
  Result<uint64_t> PushCounted(Op&& op) override;
  Result<ProgramPtr> Capture(Recording recording) override;
  Result<uint64_t> Replay(const ProgramPtr& program, FailureScope* scope) override;
  std::unique_ptr<Bulk> NewBulk(size_t most_ops) override;
  Status DeleteVar(Var var, std::function<void()> deleter) override;
  Status RefuseInsideOp(const char* wait) const noexcept override;
  bool OwnsThisThread() const noexcept override;
  bool stopping() const noexcept override { return epochs_.closed(); }
  CancelSource* cancel_source() noexcept override { return &cancel_; }
  Result<PoisonPtr> AwaitVar(Var var) override;
  Result<FailureReport> AwaitAll(size_t most) override;
  Result<ScopePtr> NewScope() override;
  Status Stop(StopMode mode) override;
  FailurePtr FailureOf(const std::exception_ptr& exception) const override;
  FailurePtr LastFailure() const override;
  EngineCounts counts() const override;
  EngineSnapshot Snapshot() const override;
  void DumpTo(int fd) const override;

 private:
  // threaded_engine.cc: construction, waiting, stopping.
  Status TryJoinFork();
  Status WaitForScope(const std::function<void()>& block) override;
  void LookAtScope(const std::function<void()>& look) const override;
  void EndWorkers();
  void AwaitEnded();

  // threaded_engine_push.cc
  Result<uint64_t> PushInside(Op* op);
  PendingOp* Prepare(Op* op);
  Result<uint64_t> Enqueue(PendingOp* op, uint64_t numbers);
  uint64_t TryEnqueue(PendingOp* op, uint64_t numbers, ReadyOps::Wake wake);
  void GiveBack(PendingOp* op);

  // threaded_engine_run.cc: the workers' side.
  void WorkerLoop(int worker);
  PendingOp* Run(PendingOp* op, int worker);
  PendingOp* RunSync(PendingOp* op, Decision decision, int worker);
  PendingOp* RunAsync(PendingOp* op, int worker);
  void RunHere(PendingOp* op, int worker, Outcome* outcome);
  Decision Decide(PendingOp* op, int worker);
  OpContext ContextOf(PendingOp* op, int worker);
  void RunBody(PendingOp* op, int worker, Outcome* outcome);
  void HitBodySite(const OpContext& context) const;
  PendingOp* End(PendingOp* op, Outcome outcome, int worker) override;
  void RecordLate(const PendingOp& op, Thrown thrown) override;
  void GiveBackAsync(PendingOp* op) override;

  // threaded_engine_bulk.cc
  void AwaitFirstCall() override { ForkGateLock inside(gate_); }
  Result<uint64_t> PushSingle(Op&& op) override { return Push(std::move(op)); }
  PendingOp* PrepareForGroup(Op* op) override { return Prepare(op); }
  Status PushGroup(PendingOp* first, size_t ops, size_t accesses, HandedOver* handed_over) override;
  void FinishHandOver(const HandedOver& handed_over) override;
  PendingOp* MakeLeader(PendingOp* first, size_t accesses);
  PendingOp* RunGroup(PendingOp* leader, int worker);

  // threaded_engine_fork.cc
  void PauseForFork() override EXCLUDES(waking_mutex_);
  void GoOn() override EXCLUDES(waking_mutex_);
  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;
  bool StillPaused() const override { return pause_.pausing(); }
  bool RunsOpOnThisThread() const override { return workers_.OpOfThisThread() != nullptr; }
  bool dormant() EXCLUDES(waking_mutex_);
  int Excepted() const;
  void ForgetThreads();
  void StartAgain() EXCLUDES(waking_mutex_);
  void StartFirstWorker();
  void FailLostOps();
  void LockForFork();
  void UnlockAfterFork();

  // threaded_engine_look.cc
  void DumpVar(uint32_t index, SignalText* text) const;
  void DumpWorker(int worker, SignalText* text) const;
  void DumpRunning(int worker, bool programs_stay, SignalText* text) const;
  void LookAtWorkers(std::map<uint64_t, EngineSnapshot::Op>* ops,
                     std::vector<std::string>* workers) const;
  void LookAtOps(std::map<uint64_t, EngineSnapshot::Op>* ops) const;
  void LookAtVars(std::map<uint64_t, EngineSnapshot::Op>* ops,
                  std::vector<EngineSnapshot::VarUse>* vars) const;
  PoisonPtr LookAtVar(EngineSnapshot::VarUse* use,
                      std::map<uint64_t, EngineSnapshot::Op>* ops) const;

  const ErrorPolicy error_policy_;
  const int64_t spin_ns_;
  Probe* const probe_;
  Tracer* const tracer_;

  mutable ForkGate gate_;
  Mutex waking_mutex_;  // over a fork, and over the first call in its child
  bool dormant_ GUARDED_BY(waking_mutex_) = false;  // in such a child, before that call
  bool forked_inside_op_ = false;                   // written while the process has one thread

  Deadlines deadlines_;
  Cancellation cancellation_{&deadlines_};
  CancelSource cancel_{&cancellation_};
  Atomic<bool> exiting_ = false;

  Epochs epochs_;
  Dependencies dependencies_{&epochs_, probe_};
  OpPool pool_;
  Failures failures_;
  ReadyOps ready_;
  OpEnds ends_;
  WorkerPause pause_{&ready_};
  AsyncOps async_;
  ProgramList programs_;
  Replays replays_{&pool_, &dependencies_, &ready_, &ends_};
  OpenBulks bulks_{this};
  Workers workers_;  // last: they use everything above
};

}  // namespace tenter
