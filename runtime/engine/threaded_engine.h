// ThreadedEngine: 1..N workers over one ready queue; dependencies by one VarQueue per var.
//
// Path: Push appends the op to the queues of its vars -> ready -> a worker runs it -> End
// completes its accesses, poisons or heals what it writes, and makes dependents ready.
//
// LOCK ORDER (outermost first)
//   ThreadedEngine::mutex_   everything below "guarded"; held for bookkeeping only, never over a
//                            body, a deleter, a probe or a destructor of user state
//   Failure::mutex_          a leaf
// A push over several vars is one atomic event because it appends to all their queues under
// mutex_ (ENG-2).
//
// Thread safety: as Engine.
// Ownership and lifetime: owns the workers, the vars and the pending ops. The destructor waits
//   for outstanding completion handles, which point into the engine.
// Invariants: (1) an op is ready exactly when all its accesses are granted. (2) an op runs after
//   everything it depends on has ended, so the dependency graph follows push numbers and has no
//   cycle. (3) every condition variable is notified under mutex_, so that the engine may be
//   destroyed as soon as the last waiter returned.
// Errors: as Engine.
#pragma once

#include <span>
#include <vector>

#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/failure_log.h"
#include "runtime/engine/pending_op.h"
#include "runtime/engine/ready_queue.h"
#include "runtime/engine/var_table.h"

namespace tenter {

class ThreadedEngine final : public Engine, private CompletionSink {
 public:
  explicit ThreadedEngine(const EngineOptions& options);
  ~ThreadedEngine() override;

  Result<Var> NewVar() override EXCLUDES(mutex_);
  Result<uint64_t> Push(Op op) override EXCLUDES(mutex_);
  Status DeleteVar(Var var, std::function<void()> deleter) override EXCLUDES(mutex_);
  Result<PoisonPtr> AwaitVar(Var var) override EXCLUDES(mutex_);
  void WaitForAll() override EXCLUDES(mutex_);
  Status Stop(StopMode mode) override EXCLUDES(mutex_);
  FailurePtr FailureOf(const std::exception_ptr& exception) const override EXCLUDES(mutex_);
  FailurePtr LastFailure() const override EXCLUDES(mutex_);
  EngineCounts counts() const override EXCLUDES(mutex_);
  std::string Describe() const override EXCLUDES(mutex_);

 private:
  // A thread in AwaitVar, on its own stack. It gets the poison as the write number `target` left
  // it, so that what it sees does not depend on how soon it wakes.
  struct VarWaiter {
    uint64_t target;
    bool done = false;
    PoisonPtr poison = nullptr;
    CondVar ended = {};
    VarWaiter* next = nullptr;
  };
  // A thread that waits for the end of every op up to push number `limit`.
  struct AllWaiter {
    uint64_t limit;
    uint64_t remaining;
    CondVar ended = {};
    AllWaiter* next = nullptr;
  };
  struct VarState {
    VarQueue queue;
    PoisonPtr poison;
    uint64_t writes_pushed = 0;
    uint64_t writes_ended = 0;
    VarWaiter* waiters = nullptr;
    bool deleting = false;
  };
  struct Worker {
    ThreadId id;
    const PendingOp* op = nullptr;  // whose body it runs
  };
  enum class Decision { kRun, kSkip, kCancel };
  struct Outcome {
    Decision decision = Decision::kRun;
    FailurePlace place = FailurePlace::kBody;
    Thrown thrown = {};  // empty: success, or skipped
  };

  // threaded_engine.cc: the caller's side.
  Status StartWorkers(int workers);
  Result<uint64_t> Enqueue(std::unique_ptr<PendingOp> op, std::span<const VarAccess> accesses)
      EXCLUDES(mutex_);
  const PendingOp* OpOfThisThread() const REQUIRES(mutex_);
  Status RefuseInsideOp(const char* wait) const REQUIRES(mutex_);
  void AwaitAllPushed() REQUIRES(mutex_);
  void AwaitHandles() REQUIRES(mutex_);

  // threaded_engine_run.cc: the workers' side.
  void WorkerLoop(int index) EXCLUDES(mutex_);
  PendingOp* TakeReady(int index) EXCLUDES(mutex_);
  Decision Decide(PendingOp* op, int index) EXCLUDES(mutex_);
  void RunBody(PendingOp* op, int index) EXCLUDES(mutex_);
  void HitBodySite(const OpContext& context) const;
  void BodyReturned(PendingOp* op, int index, Thrown thrown) EXCLUDES(mutex_);
  void OnCompleted(void* op, Thrown error) override EXCLUDES(mutex_);
  void OnDropped(void* op) override EXCLUDES(mutex_);
  void HandleUsed(PendingOp* op, Outcome outcome) EXCLUDES(mutex_);
  PoisonPtr PoisonOfInputs(const PendingOp& op) REQUIRES(mutex_);
  void End(PendingOp* op, Outcome outcome) REQUIRES(mutex_);
  PoisonPtr RecordOutcome(const PendingOp& op, Outcome outcome) REQUIRES(mutex_);
  void LogLateFailure(const PendingOp& op, Thrown thrown) REQUIRES(mutex_);
  void EndWrite(VarState& state, const PoisonPtr& poison) REQUIRES(mutex_);
  void MakeReady(PendingOp* op) REQUIRES(mutex_);
  void Unlink(PendingOp* op) REQUIRES(mutex_);
  void NotifyAllWaiters(uint64_t push_number) REQUIRES(mutex_);
  std::unique_ptr<PendingOp> ReleaseIfDone(PendingOp* op) REQUIRES(mutex_);
  void DescribeOp(const PendingOp& op, std::string* text) const REQUIRES(mutex_);

  const ErrorPolicy error_policy_;
  Probe* const probe_;

  mutable Mutex mutex_;
  VarTable<VarState> vars_ GUARDED_BY(mutex_);
  ReadyQueue ready_ GUARDED_BY(mutex_);
  FailureLog log_ GUARDED_BY(mutex_);
  EngineCounts counts_ GUARDED_BY(mutex_);
  uint64_t handles_alive_ GUARDED_BY(mutex_) = 0;
  PendingOp* oldest_ GUARDED_BY(mutex_) = nullptr;  // live ops, by push number
  PendingOp* newest_ GUARDED_BY(mutex_) = nullptr;
  AllWaiter* all_waiters_ GUARDED_BY(mutex_) = nullptr;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool cancelling_ GUARDED_BY(mutex_) = false;
  CondVar work_;          // an op became ready, or the engine stops
  CondVar handles_gone_;  // handles_alive_ became zero

  std::vector<Worker> workers_ GUARDED_BY(mutex_);
  std::vector<Thread> threads_;  // last: they use everything above
};

}  // namespace tenter
