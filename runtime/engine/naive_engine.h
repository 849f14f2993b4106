// NaiveEngine: runs each op to its end inside Push, in push order. The oracle of the threaded
// engine.
//
// One thread at a time has the *turn*; it runs its op on its own stack. An op that is pushed from
// inside a body runs after that body, still within the outer Push. There are no dependencies to
// track: push order is execution order, so what remains is exactly the meaning of the contracts
// (poison, skip, heal, waits).
//
// LOCK ORDER: NaiveEngine::mutex_, then Failure::mutex_ (a leaf). mutex_ is never held over a body.
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
#include "runtime/base/thread.h"
#include "runtime/engine/access.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/failure_log.h"
#include "runtime/engine/var_table.h"

namespace tenter {

class NaiveEngine final : public Engine, private CompletionSink {
 public:
  explicit NaiveEngine(const EngineOptions& options);
  ~NaiveEngine() override;

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
  struct VarState {
    PoisonPtr poison;
    bool deleting = false;
  };
  struct NaiveOp {
    Op op;
    std::vector<VarAccess> accesses;
    bool deletes_var = false;
    uint64_t push_number = 0;
    // How an asynchronous op ended; guarded by mutex_.
    bool handle_alive = false;
    bool ended = false;
    bool orphan = false;  // the engine let go of it: whoever uses the handle frees it
    FailurePlace place = FailurePlace::kBody;
    Thrown thrown;
  };

  Result<uint64_t> Enqueue(std::unique_ptr<NaiveOp> op) EXCLUDES(mutex_);
  Status RefuseInsideOp(const char* wait) const REQUIRES(mutex_);
  bool InsideOp() const REQUIRES(mutex_) { return busy_ && runner_ == CurrentThreadId(); }
  void AwaitTurn() REQUIRES(mutex_);
  void RunDeferred() EXCLUDES(mutex_);
  void RunToEnd(std::unique_ptr<NaiveOp> op) EXCLUDES(mutex_);
  bool Start(NaiveOp* op, PoisonPtr* inputs) EXCLUDES(mutex_);
  void HitBodySite(const OpContext& context) const;
  Thrown RunBody(NaiveOp* op) EXCLUDES(mutex_);
  void AwaitEnd(NaiveOp* op, Thrown thrown) EXCLUDES(mutex_);
  void Finish(NaiveOp* op, const PoisonPtr& inputs) EXCLUDES(mutex_);
  PoisonPtr PoisonOfInputs(const NaiveOp& op) REQUIRES(mutex_);
  void OnCompleted(void* op, Thrown error) override EXCLUDES(mutex_);
  void OnDropped(void* op) override EXCLUDES(mutex_);
  void HandleUsed(NaiveOp* op, FailurePlace place, Thrown thrown) EXCLUDES(mutex_);
  void LogFailure(const NaiveOp& op, FailurePlace place, Thrown thrown, FailurePtr* failure)
      REQUIRES(mutex_);

  const ErrorPolicy error_policy_;
  Probe* const probe_;

  mutable Mutex mutex_;
  VarTable<VarState> vars_ GUARDED_BY(mutex_);
  FailureLog log_ GUARDED_BY(mutex_);
  EngineCounts counts_ GUARDED_BY(mutex_);
  uint64_t handles_alive_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool cancelling_ GUARDED_BY(mutex_) = false;
  bool busy_ GUARDED_BY(mutex_) = false;                              // somebody has the turn:
  ThreadId runner_ GUARDED_BY(mutex_);                                //   this thread,
  std::string running_ GUARDED_BY(mutex_);                            //   which runs this op
  std::deque<std::unique_ptr<NaiveOp>> deferred_ GUARDED_BY(mutex_);  // pushed inside a body
  CondVar changed_;  // the turn became free, or a completion handle was used
};

}  // namespace tenter
