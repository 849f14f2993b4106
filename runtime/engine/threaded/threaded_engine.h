// ThreadedEngine: 1..N workers; dependencies by one VarQueue per var; no lock for all.
//
// Path: Push locks the vars of the op in the order of their indices, takes a push number, appends
// the op to their queues, unlocks -> ready -> a worker runs it -> End completes its accesses one
// after the other, poisons or heals what it writes, and makes dependents ready; the first of these
// runs next on the same worker.
//
// LOCK ORDER (outermost first)
//   bulks_mutex_             then ThreadedBulk::mutex_, over a push
//   VarState::mutex          several at once in Enqueue only, by ascending index (ENG-2); held for
//                            bookkeeping, never over a body, a deleter, a probe or a destructor of
//                            user state
//   VarWaiter's mutex        under the lock of its var
//   pause_mutex_             over Parking's
//   all others are leaves:   the table of vars, a stripe of the pool, lane_mutex_,
//                            prioritised_mutex_, handles_mutex_, those of Failures, Epochs,
//                            Parking, Deadlines, ProgramList and Tracer, of scopes and their
//                            cancellation, and Failure::mutex_
//   the list of fork.h       over a fork: waking_mutex_, bulks_mutex_, the locks of all bulks,
//                            pause_mutex_, handles_mutex_, scope_mutex(), those of Epochs,
//                            Cancellation, Deadlines and ProgramList
//
// Thread safety: as Engine.
// Ownership and lifetime: owns the workers, the vars and the pending ops. The destructor waits
//   for outstanding completion handles, which point into the engine.
// Invariants: (1) an op is ready exactly when all its accesses are granted. (2) an op runs after
//   everything it depends on has ended, so the dependency graph follows push numbers and has no
//   cycle. (3) a push number is taken while all vars of the op are locked, so the queues of all
//   vars agree with the order of push numbers. (4) what an op reads was written before its grant.
// Errors: as Engine.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/failure/failures.h"
#include "runtime/engine/fork/fork_gate.h"
#include "runtime/engine/pending/captured_program.h"
#include "runtime/engine/pending/op_pool.h"
#include "runtime/engine/pending/outcome.h"
#include "runtime/engine/ready/parking.h"
#include "runtime/engine/ready/ready_batch.h"
#include "runtime/engine/ready/ready_lane.h"
#include "runtime/engine/ready/ready_queue.h"
#include "runtime/engine/var/var_state.h"
#include "runtime/engine/var/var_table.h"
#include "runtime/engine/wait/deadlines.h"
#include "runtime/engine/wait/epochs.h"
#include "runtime/engine/wait/tally.h"

namespace tenter {

class SignalText;
class ThreadedBulk;
struct HandedOver;

class ThreadedEngine final : public Engine,
                             private CompletionSink,
                             private ForkMember,
                             private ScopeHost {
 public:
  explicit ThreadedEngine(const EngineOptions& options);
  ~ThreadedEngine() override;

  Result<Var> NewVar() override;
  Result<uint64_t> Push(Op&& op) override;
  Result<ProgramPtr> Capture(Recording recording) override;
  Result<uint64_t> Replay(const ProgramPtr& program, FailureScope* scope) override;
  std::unique_ptr<Bulk> NewBulk(size_t most_ops) override;
  Status DeleteVar(Var var, std::function<void()> deleter) override;
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
  struct alignas(64) Worker {
    Atomic<uint64_t> thread = 0;                 // its key
    Atomic<const PendingOp*> running = nullptr;  // whose body is on its stack
    int in_a_row = 0;                            // continuations since it last looked around
    uint8_t epoch = 0;                           // of the op that it ran last
    ReadyBatch batch;
  };
  class WaitInBody {
   public:
    explicit WaitInBody(ThreadedEngine* engine);
    ~WaitInBody();
    WaitInBody(const WaitInBody&) = delete;
    WaitInBody& operator=(const WaitInBody&) = delete;

   private:
    ThreadedEngine* const engine_;  // null: the wait is none of a body
  };
  // Who ends an op: a worker, which runs the first dependent next, or somebody else.
  static constexpr int kOutside = -1;

  // threaded_engine.cc: construction, waiting, stopping.
  Status StartWorkers();
  Status StartWorker(int index);
  bool RestartWorker(int index);
  void EndWorkers();
  Status TryJoinFork();
  Status RefuseInsideOp(const char* wait) const;
  const PendingOp* OpOfThisThread() const;
  Status WaitForScope(const std::function<void()>& block) override;
  void LookAtScope(const std::function<void()>& look) const override;
  void AwaitWorkers();
  void AwaitEnded();
  void AwaitHandles() EXCLUDES(handles_mutex_);
  uint64_t ended() const;

  // threaded_engine_look.cc
  void DumpVar(uint32_t index, SignalText* text) const;
  void DumpWorker(int index, SignalText* text) const;
  void DumpRunning(int index, bool programs_stay, SignalText* text) const;
  void LookAtWorkers(std::map<uint64_t, EngineSnapshot::Op>* ops,
                     std::vector<std::string>* workers) const;
  void LookAtOps(std::map<uint64_t, EngineSnapshot::Op>* ops) const;
  void LookAtVars(std::map<uint64_t, EngineSnapshot::Op>* ops,
                  std::vector<EngineSnapshot::VarUse>* vars) const;
  PoisonPtr LookAtVar(EngineSnapshot::VarUse* use,
                      std::map<uint64_t, EngineSnapshot::Op>* ops) const;

  // threaded_engine_push.cc
  friend class ThreadedBulk;
  PendingOp* Prepare(Op* op);
  Result<uint64_t> Enqueue(PendingOp* op, uint64_t numbers);
  static void LeaveScope(FailureScope* scope, uint64_t ops) {
    if (scope != nullptr) scope->Leave(ops);
  }
  enum class Wake { kNow, kLater };
  uint64_t TryEnqueue(PendingOp* op, uint64_t numbers, Wake wake);
  void PrefetchVars(std::span<const Access> accesses) const;
  void PrefetchVar(const Access& access) const;
  size_t LockVars(std::span<Access> accesses);
  void UnlockVars(std::span<Access> accesses);
  bool Append(PendingOp* op, uint64_t numbers, uint64_t* push_number);
  Status WhyRefused(PendingOp* op);
  Status ReasonOf(PendingOp* op);
  void GiveBack(PendingOp* op);
  void MakeReady(PendingOp* op, Wake wake = Wake::kNow);

  // threaded_engine_run.cc: the workers' side.
  void WorkerLoop(int index);
  Runnable* Find(int index);
  Runnable* TakePrioritised() EXCLUDES(prioritised_mutex_);
  Runnable* TakeFromLane(int index);
  bool AwaitWork(int index, bool is_new, PendingOp** op);
  bool MoreToTake() const;
  void TellWaiters(int index);
  PendingOp* Run(PendingOp* op, int index);
  void DestroyBody(PendingOp* op, int index);
  void RunHere(PendingOp* op, int index, Outcome* outcome);
  Decision Decide(PendingOp* op, int index);
  OpContext ContextOf(PendingOp* op, int index);
  bool HasPoisonedInput(PendingOp* op) const;
  void RunBody(PendingOp* op, int index, Outcome* outcome);
  void HitBodySite(const OpContext& context) const;

  // threaded_engine_async.cc: completion handles and deadlines.
  PendingOp* RunAsync(PendingOp* op, int index);
  void StartTimer(PendingOp* op);
  PendingOp* BodyReturned(PendingOp* op, int index, Thrown thrown);
  void OnCompleted(void* op, Thrown error) override;
  void OnDropped(void* op) override;
  void HandleUsed(PendingOp* op, Outcome outcome);
  void EndByHandle(PendingOp* op, Outcome outcome);
  void DeadlinePassed(PendingOp* op);
  void Release(PendingOp* op, uint32_t users);
  void HandleGone() EXCLUDES(handles_mutex_);
  void LogLateFailure(const PendingOp& op, Thrown thrown);

  // threaded_engine_bulk.cc
  static constexpr uint64_t kAnyThread = 0;
  void JoinBulk(ThreadedBulk* bulk) EXCLUDES(bulks_mutex_);
  void LeaveBulk(ThreadedBulk* bulk) EXCLUDES(bulks_mutex_);
  void FlushBulksOf(uint64_t thread, const ThreadedBulk* but = nullptr) EXCLUDES(bulks_mutex_);
  void FlushMyBulks() {
    if (open_bulks_.Load(kRelaxed) > 0) [[unlikely]]
      FlushBulksOf(CurrentThreadKey());
  }
  void FlushAllBulks() {
    if (open_bulks_.Load(kSeqCst) > 0) [[unlikely]]
      FlushBulksOf(kAnyThread);
  }
  Status PushGroup(PendingOp* first, size_t ops, size_t accesses, HandedOver* handed_over);
  void FinishHandOver(const HandedOver& handed_over);
  PendingOp* MakeLeader(PendingOp* first, size_t accesses);
  PendingOp* RunGroup(PendingOp* leader, int index);
  void LeavePoison(uint32_t index, const PoisonPtr& poison);

  // threaded_engine_program.cc
  PendingOp* StartReplay(PendingOp* op);
  PendingOp* EndNode(ProgramNode* node, const PoisonPtr& poison, int index);
  PendingOp* EndReplay(CapturedProgram* program, int index);
  void ProgramUserGone(CapturedProgram* program, int index, PendingOp** next);

  // threaded_engine_fork.cc
  void PauseForFork() override EXCLUDES(waking_mutex_, pause_mutex_);
  void GoOn() override EXCLUDES(waking_mutex_, pause_mutex_);
  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;
  bool StillPaused() const override { return pausing_.Load(kSeqCst); }
  bool RunsOpOnThisThread() const override { return OpOfThisThread() != nullptr; }
  bool dormant() EXCLUDES(waking_mutex_);
  void EndPause(bool no_workers) REQUIRES(pause_mutex_);
  void ForgetThreads();
  void StartAgain() EXCLUDES(waking_mutex_);
  void StartFirstWorker();
  void FailLostHandles() EXCLUDES(handles_mutex_);
  void FailLostHandle(PendingOp* op);
  void AwaitPaused() REQUIRES(pause_mutex_);
  void Pause() EXCLUDES(pause_mutex_);
  void LockBulks();
  void LockForFork();
  void UnlockAfterFork();

  // threaded_engine_end.cc
  PendingOp* End(PendingOp* op, Outcome outcome, int index);
  PoisonPtr RecordOutcome(PendingOp* op, Outcome outcome, Tally& tally);
  Thrown WhyCancelled(const PendingOp& op) const;
  PoisonMerge PoisonedInputs(PendingOp* op) const;
  Access* Complete(PendingOp* op, Access* access, const PoisonPtr& poison);
  void HandOn(const PendingOp& op, Access* granted, int index, PendingOp** next);
  void CountEnded(uint8_t epoch, uint64_t ops, int index);
  const PoisonPtr& PoisonAt(const PendingOp& op, const Access& access) const;

  const ErrorPolicy error_policy_;
  const int64_t spin_ns_;
  Probe* const probe_;
  Tracer* const tracer_;
  const int worker_count_;
  const bool pin_workers_;
  const Inheritance inheritance_ = Inheritance::OfThisThread();  // of the workers

  mutable ForkGate gate_;
  Epochs epochs_;
  VarTable<VarState> vars_;
  OpPool pool_;
  std::vector<Tally> tallies_;  // one per worker, the last for all other threads
  std::unique_ptr<Worker[]> workers_;

  ReadyLane lane_;
  SmallMutex lane_mutex_;  // of its consumer
  SmallMutex prioritised_mutex_;
  ReadyQueue prioritised_ GUARDED_BY(prioritised_mutex_);
  uint32_t turns_ GUARDED_BY(prioritised_mutex_) = 0;  // see TakePrioritised
  Atomic<int64_t> prioritised_pending_ = 0;  // pushed and not ended, for the room in prioritised_
  Atomic<int64_t> prioritised_ready_ = 0;
  Parking parking_;

  Cancellation cancellation_{&deadlines_};
  CancelSource cancel_{&cancellation_};
  Atomic<bool> exiting_ = false;

  Failures failures_;
  Mutex handles_mutex_;
  uint64_t handles_alive_ GUARDED_BY(handles_mutex_) = 0;
  uint64_t handles_lost_ GUARDED_BY(handles_mutex_) = 0;  // in the child of a fork: see there
  CondVar handles_gone_;

  ProgramList programs_;
  Mutex bulks_mutex_;
  std::vector<ThreadedBulk*> bulks_ GUARDED_BY(bulks_mutex_);
  Atomic<int> open_bulks_ = 0;

  Mutex waking_mutex_;  // over a fork, and over the first call in its child
  bool dormant_ GUARDED_BY(waking_mutex_) = false;  // in such a child, before that call
  Mutex pause_mutex_;
  Atomic<bool> pausing_ = false;                     // changes under pause_mutex_
  int paused_ GUARDED_BY(pause_mutex_) = 0;          // workers
  int waiting_bodies_ GUARDED_BY(pause_mutex_) = 0;  // see WaitInBody
  CondVar pause_changed_;
  bool forked_inside_op_ = false;  // written while the process has one thread

  Deadlines deadlines_;
  // Last: they use everything above. The new thread of a worker joins its former one first.
  std::vector<Thread> former_threads_, threads_;
};

}  // namespace tenter
