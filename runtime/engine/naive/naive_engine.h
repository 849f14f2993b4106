// NaiveEngine: runs each op to its end inside Push, in push order. The oracle of the threaded
// engine.
//
// One thread at a time has the *turn*; it runs its op on its own stack. An op that is pushed from
// inside a body runs after that body, still within the outer Push. There are no dependencies to
// track: push order is execution order, so what remains is exactly the meaning of the contracts
// (poison, skip, heal, waits).
//
// LOCK ORDER (outermost first): turn_, which is held over bodies; handles_mutex_; that of Failures;
//   those of scopes. Leaves: NaiveVar::mutex, the locks of the table of vars, of ProgramList, of
//   Deadlines and of the cancellation, Failure::mutex_.
//   Nothing that only looks (counts, Snapshot, LastFailure) takes the turn, so a body that hangs
//   can be looked at.
//
// Thread safety: as Engine. A body must not wait for another thread that pushes: that thread
//    waits for the turn.
// Ownership and lifetime: owns the vars and the deferred ops; the destructor waits for the turn
//   and for outstanding completion handles.
// Invariants: (1) at most one body runs. (2) when nobody has the turn, no op is alive, so the
//   waits only wait for the turn.
// Errors: as Engine.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"
#include "runtime/base/small_mutex.h"
#include "runtime/base/thread.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/failure/failures.h"
#include "runtime/engine/pending/captured_program.h"
#include "runtime/engine/pending/op_name.h"
#include "runtime/engine/pending/outcome.h"
#include "runtime/engine/var/var_table.h"
#include "runtime/engine/wait/tally.h"

namespace tenter {

class NaiveEngine final : public Engine,
                          private CompletionSink,
                          private ForkMember,
                          private ScopeHost {
 public:
  explicit NaiveEngine(const EngineOptions& options);
  ~NaiveEngine() override;

  Result<Var> NewVar() override;
  Result<uint64_t> Push(Op&& op) override;
  Result<ProgramPtr> Capture(Recording recording) override;
  Result<uint64_t> Replay(const ProgramPtr& program, FailureScope* scope) override;
  std::unique_ptr<Bulk> NewBulk(size_t most_ops) override;
  Status DeleteVar(Var var, std::function<void()> deleter) override;
  Status RefuseInsideOp(const char* wait) const noexcept override;
  bool OwnsThisThread() const noexcept override;
  bool stopping() const noexcept override { return stopping_.Load(kAcquire); }
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
  struct NaiveVar {
    Atomic<uint64_t> handle = 0;  // twice the generation, and 1 while the var may be used
    SmallMutex mutex;             // of `poison`, against those who look; it changes in a turn only
    uint32_t next_free = 0;       // of the VarTable
    PoisonPtr poison;
  };
  // A var of an op. One that is named twice is used twice, which changes nothing here: whether it
  // is read decides about poison, whether it is written about what is left in it.
  struct Use {
    NaiveVar* var;
    uint32_t index;
    bool reads, writes;
  };
  // An op in its turn.
  struct Running {
    std::string_view name;
    std::span<const Use> uses;
    OpBody* body;
    bool deletes_var;
    uint64_t push_number;
    int64_t deadline_ns;
    FailureScope* scope;    // or null
    bool replayed = false;  // its body is kept
  };
  // An op, or a program, that was pushed inside a body.
  struct Deferred {
    std::string name;
    std::vector<Use> uses;
    OpBody body;
    bool deletes_var;
    uint64_t push_number;
    int64_t deadline_ns;  // of a program: when it was pushed
    FailureScope* scope;
    ProgramPtr program = nullptr;
  };
  // An async op that runs; guarded by handles_mutex_. Whoever comes last frees it: the turn, or the
  // user of the handle.
  struct AsyncOp {
    std::string name;
    uint64_t push_number;
    bool handle_alive = true;
    bool ended = false;
    bool let_go = false;  // by the turn
    FailurePlace place = FailurePlace::kBody;
    Thrown thrown = {};
  };
  bool InsideOp() const { return runner_.Load(kRelaxed) == CurrentThreadKey(); }
  Status WaitForScope(const std::function<void()>& block) override;
  void LookAtScope(const std::function<void()>& look) const override;

  // naive_engine_push.cc
  Result<uint64_t> Enqueue(Op* op, bool deletes_var);
  Result<uint64_t> PushInTurn(Op* op, std::span<const Use> uses, bool deletes_var) REQUIRES(turn_);
  Result<uint64_t> Defer(Op* op, std::span<const Use> uses, bool deletes_var);
  NaiveVar* Find(Var var) const;
  Status FindVars(const Op& op, Use* uses) const;
  uint64_t TakeNumber(const Running& op);
  void RunDeferred();
  void Run(const Running& op);
  Decision Decide(const Running& op) const;
  OpContext ContextOf(const Running& op);
  void Record(const Running& op, Outcome outcome);
  void EndWrite(NaiveVar* var, const PoisonPtr& poison);
  static bool HasPoisonedInput(std::span<const Use> uses);
  static PoisonMerge PoisonedInputs(std::span<const Use> uses);

  // naive_engine_program.cc
  Result<uint64_t> DeferReplay(const ProgramPtr& program, FailureScope* scope);
  Status FindVars(const CapturedProgram& program, std::vector<Use>* uses) const;
  uint64_t TakeNumbers(const CapturedProgram& program);
  void RunProgram(CapturedProgram& program, std::span<const Use> uses, uint64_t first_number,
                  int64_t pushed_ns, FailureScope* scope);

  // naive_engine_body.cc
  Outcome RunBody(const Running& op);
  Outcome RunAsyncBody(const Running& op) EXCLUDES(handles_mutex_);
  Outcome AwaitEnd(AsyncOp* op, Thrown thrown, int64_t deadline_ns) EXCLUDES(handles_mutex_);
  void HitBodySite(const OpContext& context) const;
  void OnCompleted(void* op, Thrown error) override EXCLUDES(handles_mutex_);
  void OnDropped(void* op) override EXCLUDES(handles_mutex_);
  void HandleUsed(AsyncOp* op, FailurePlace place, Thrown thrown) EXCLUDES(handles_mutex_);

  // naive_engine_fork.cc
  void TakeTurnForFork() override;
  void GiveTurnBack() override;
  bool RunsOpOnThisThread() const override { return InsideOp(); }
  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

  const ErrorPolicy error_policy_;
  Probe* const probe_;
  Tracer* const tracer_;

  SmallMutex turn_;
  bool turn_for_fork_ = false;   // a fork took it; used by the steps of the fork only
  Atomic<uint64_t> runner_ = 0;  // the thread that has the turn and runs ops
  Atomic<uint64_t> pushed_ = 0;  // this and the next four change in a turn only
  Tally tally_;
  OpName running_;
  uint8_t running_size_ = 0;
  Atomic<uint64_t> running_number_ = 0;             // 0 while no body runs
  std::deque<Deferred> deferred_;                   // in a turn only
  std::vector<Use> replay_uses_ GUARDED_BY(turn_);  // of the program that is replayed
  Atomic<bool> stopping_ = false;
  Cancellation cancellation_{&deadlines_};
  CancelSource cancel_{&cancellation_};
  VarTable<NaiveVar> vars_;
  ProgramList programs_;

  mutable Failures failures_;
  Mutex handles_mutex_ ACQUIRED_AFTER(turn_);
  uint64_t handles_alive_ GUARDED_BY(handles_mutex_) = 0;
  CondVar handle_used_;
  Deadlines deadlines_;  // of scopes and callbacks; last: its thread uses what is above
};

}  // namespace tenter
