// NaiveEngine: runs each op to its end inside Push, in push order. The oracle of the threaded
// engine.
//
// One thread at a time has the *turn*; it runs its op on its own stack. An op that is pushed from
// inside a body runs after that body, still within the outer Push. There are no dependencies to
// track: push order is execution order, so what remains is exactly the meaning of the contracts
// (poison, skip, heal, waits).
//
// LOCK ORDER (outermost first): turn_, which is held over bodies; handles_mutex_; log_mutex_.
//   Leaves: NaiveVar::mutex, the locks of the table of vars and of ProgramList, Failure::mutex_.
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

#include "runtime/base/mutex.h"
#include "runtime/base/small_mutex.h"
#include "runtime/base/thread.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/failure_log.h"
#include "runtime/engine/fork.h"
#include "runtime/engine/op_name.h"
#include "runtime/engine/tally.h"
#include "runtime/engine/var_table.h"

namespace tenter {

class NaiveEngine final : public Engine, private CompletionSink, private ForkMember {
 public:
  explicit NaiveEngine(const EngineOptions& options);
  ~NaiveEngine() override;

  Result<Var> NewVar() override;
  Result<uint64_t> Push(Op&& op) override;
  Result<ProgramPtr> Capture(Recording recording) override;
  Result<uint64_t> Replay(const ProgramPtr& program) override;
  std::unique_ptr<Bulk> NewBulk(size_t most_ops) override;
  Status DeleteVar(Var var, std::function<void()> deleter) override;
  Result<PoisonPtr> AwaitVar(Var var) override;
  void WaitForAll() override;
  Status Stop(StopMode mode) override;
  FailurePtr FailureOf(const std::exception_ptr& exception) const override EXCLUDES(log_mutex_);
  FailurePtr LastFailure() const override EXCLUDES(log_mutex_);
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
  struct Outcome {
    FailurePlace place = FailurePlace::kBody;
    Thrown thrown = {};
  };

  bool InsideOp() const { return runner_.Load(kRelaxed) == CurrentThreadKey(); }
  Status RefuseInsideOp(const char* wait) const;

  // naive_engine_push.cc
  Result<uint64_t> Enqueue(Op* op, bool deletes_var);
  Result<uint64_t> PushInTurn(Op* op, std::span<const Use> uses, bool deletes_var) REQUIRES(turn_);
  Result<uint64_t> Defer(Op* op, std::span<const Use> uses, bool deletes_var);
  NaiveVar* Find(Var var) const;
  Status FindVars(const Op& op, Use* uses) const;
  uint64_t TakeNumber(const Running& op);
  void RunDeferred();
  void Run(const Running& op);
  void Record(const Running& op, Outcome outcome, bool cancelled, bool poisoned_input);
  void EndWrite(NaiveVar* var, const PoisonPtr& poison);
  static bool HasPoisonedInput(std::span<const Use> uses);
  static std::vector<PoisonPtr> PoisonedInputs(std::span<const Use> uses);
  FailurePtr LogFailure(std::string_view name, uint64_t push_number, FailurePlace place,
                        Thrown thrown) EXCLUDES(log_mutex_);

  // naive_engine_program.cc
  Result<uint64_t> DeferReplay(const ProgramPtr& program);
  Status FindVars(const Program& program, std::vector<Use>* uses) const;
  uint64_t TakeNumbers(const Program& program);
  void RunProgram(Program& program, std::span<const Use> uses, uint64_t first_number,
                  int64_t pushed_ns);

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
  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

  const ErrorPolicy error_policy_;
  Probe* const probe_;
  Tracer* const tracer_;

  SmallMutex turn_;
  Atomic<uint64_t> runner_ = 0;  // the thread that has the turn and runs ops
  Atomic<uint64_t> pushed_ = 0;  // this and the next four change in a turn only
  Tally tally_;
  OpName running_;
  size_t running_size_ = 0;
  Atomic<uint64_t> running_number_ = 0;             // 0 while no body runs
  std::deque<Deferred> deferred_;                   // in a turn only
  std::vector<Use> replay_uses_ GUARDED_BY(turn_);  // of the program that is replayed
  Atomic<bool> stopping_ = false;
  Atomic<bool> cancelling_ = false;
  VarTable<NaiveVar> vars_;
  ProgramList programs_;

  mutable Mutex log_mutex_;
  FailureLog log_ GUARDED_BY(log_mutex_);
  Mutex handles_mutex_;
  uint64_t handles_alive_ GUARDED_BY(handles_mutex_) = 0;
  CondVar handle_used_;
};

}  // namespace tenter
