// Request: one in-flight invocation of a plan, from its place in the queue to its answer.
//
//   Start -> (waits for a place) -> Begin: an arena, its ops pushed -> the last op ends -> End: the
//   place goes to the next request, which is begun here -> Ended: whoever asked is told
//
// One that runs on the thread of its caller has no ops and no scope; one that runs direct has them
// only when it had to wait.
//
// Path: CachedOp::Invoke, InvokeAsync -> Request -> the ops of the plan -> Arena::TakeOutputs.
//
// No thread waits for an op: a request is begun by whoever hands it its place, and ended by whoever
// ends its last op. One that runs inline, or on the naive engine, is begun and ended by the thread
// that asked, which waits for the place.
//
// Requests that wait behind it, and are of the same kind, may run as one with it (batch.h).
//
// Thread safety: Start by one thread. All else is called by whoever has the request just then, but
//   for the cancel callback: the pool tells whether it comes in time.
// Ownership and lifetime: borrows what RequestHost names, which outlives it, and its inputs. Ops
//   and what they end in refer to the arena alone, since in the child of a fork the request of
//   another thread is gone.
// Invariants: (1) Ended is called once, when nothing refers to the request any more. (2) the ops of
//   a request touch its arena, its inputs and its outputs, nothing else. (3) the last op begins
//   when all others have ended. (4) of its failures the one with the smallest push number is told.
// Errors: the status names the request, and node and shapes when a node failed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/thread.h"
#include "runtime/cached_op/arena_pool.h"
#include "runtime/device/teams.h"

namespace tenter {

// What the requests of one cached op have in common.
struct RequestHost {
  Engine* engine;  // null: all run inline
  bool is_naive;   // of the engine: a push runs the op
  ArenaPool* pool;
  Teams* teams;  // null: a kernel runs on one thread
  Probe* probe;
  bool batches;  // whether several may run as one
  // As the workers compute, so that a thread that calls answers the same.
  Rounding rounding = Rounding::OfThisThread();
};

struct InvokeOptions {
  // The request ends with kDeadlineExceeded when so much time has passed since it was made and it
  // has not ended: at once while it waits, before its next node when it runs. 0: no deadline.
  int64_t timeout_ns = 0;
  int priority = 0;  // larger: sooner, among requests that wait and ops that are ready
};

class Request : public Entrant {
 public:
  // Inputs fit the plan's signature.
  Request(const RequestHost& host, uint64_t number, std::shared_ptr<const Plan> plan,
          std::span<const Tensor> inputs, const InvokeOptions& options);
  virtual ~Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // Takes its place, or waits for one: true and false. Ended may have been called when it returns,
  // unless it was refused, with an error.
  Result<bool> Start() noexcept;

  // Ends requests that were waiting when their pool was closed.
  static void TurnAway(Entrant* waited) noexcept;

  // Both are called by the op that runs its nodes, before each step and for each node of that.
  // Throws when the request ends here: it was cancelled, or a fault strikes.
  virtual void BeforeStep(const CancelToken& cancel);
  virtual void BeforeNode(const ModelNode& node);
  // By the last op, behind its last step.
  virtual void AfterSteps();

  // Of one that runs as one with others: what it ends with when it was cancelled, or when it fails
  // at a node.
  bool cancelled() const { return scope_->cancelled(); }
  Status StatusOfCancel() const noexcept;
  Status StatusOfNode(const ModelNode& node, const Thrown& thrown) const noexcept;
  // Ends it, by a thread of the engine. REQUIRES: it has no place, and runs no more.
  void EndAlong(Status status, std::vector<Tensor> outputs) noexcept;
  uint64_t number() const { return number_; }
  const Plan& plan() const { return *plan_; }
  std::span<const Tensor> inputs() const { return inputs_; }
  const RequestHost& host() const { return host_; }

 protected:
  // Told of the scope of its ops: once it is there, and with null before it goes. Answers whether
  // somebody might cancel it; else only a deadline does.
  virtual bool SetScope(FailureScope*) noexcept { return false; }
  // Whether it runs on the calling thread if a place is free now.
  virtual bool RunsHereIfFree() const noexcept { return false; }
  // Told that its ops have ended, or that it had none, before its place is given back.
  virtual void BeforeReturn() noexcept {}
  // Called by whoever hands it its place. True when another thread begins it, since its nodes run
  // where it is begun: it may have ended by now.
  virtual bool LeftToItsThread() noexcept { return false; }
  // `on_worker`: by a thread of the engine, perhaps, which must not be made to wait.
  virtual void Ended(bool on_worker) noexcept = 0;

  // Begins it, or runs it where it has no ops. REQUIRES: it has a place, and was left to this
  // thread.
  void BeginHere() noexcept;
  // Of its ops; null where it runs on the thread of its caller, and of one that was refused.
  FailureScope* scope() const { return scope_.get(); }
  Status MakeScope();
  // Its ops have ended: nothing is cancelled by it any more.
  void DropScope() noexcept { scope_.reset(); }
  // Pushes its ops. Returns whom to begin next: who was handed its place, when it has ended.
  Request* BeginOps() noexcept;
  // Begins those that have a place, and ends the others, which were withdrawn; linked by `after`.
  static void GoOn(Entrant* entrants) noexcept;
  // Ends it, and begins whoever is handed its place. REQUIRES: no op of it is alive, and it does
  // not wait.
  void EndHere(Status status) noexcept { BeginAll(End(std::move(status), false)); }
  std::string Name() const { return "request " + std::to_string(number_) + ": "; }

  const RequestHost& host_;
  const uint64_t number_;
  const std::shared_ptr<const Plan> plan_;
  const std::span<const Tensor> inputs_;
  const InvokeOptions options_;
  const int64_t deadline_ns_;  // 0: none
  Status status_;              // once it has ended
  std::vector<Tensor> outputs_;

 private:
  // Begins this one, whoever is handed its place when it ends at once, and so on.
  static void BeginAll(Request* request) noexcept;
  static void OpsEnded(void* arena) noexcept;
  Result<bool> Enter();
  Request* Begin() noexcept;
  Request* RunHere() noexcept;
  Request* EndOfOps() noexcept;
  Request* End(Status status, bool on_worker = true) noexcept;
  void EndWithdrawn() noexcept;

  Status Prepare();
  Status Push();
  Status StatusOfOps();
  Status Cancelled(StatusCode reason) const;
  std::optional<size_t> OpOf(uint64_t push_number) const;
  std::string NodeOf(size_t op) const;
  Status Describe(std::optional<size_t> op, const Thrown& thrown) const;

  ScopePtr scope_;  // what fails in a request is told to its caller alone (COP-8)
  std::optional<CancelCallback> withdraw_;
  Status pushed_;
};

}  // namespace tenter
