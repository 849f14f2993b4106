// Engine: runs ops as soon as their inputs are there, in push order per var. Start here.
//
// Path: CachedOp::Invoke -> Engine::Push -> worker -> kernel; Engine::WaitForVar -> result or
// failure. Two engines keep the contracts ENG-1..11 and ERR-1..12: the threaded one
// (1..N workers), and the naive one, which runs each op to its end inside Push and is the oracle
// of the first.
//
// Thread safety: every method may be called from any thread, and from inside an op body, but for
//   the waits (ENG-7). Every call may have to wait until a fork of the process is over.
// Ownership and lifetime: the caller owns the engine; the destructor drains what was pushed, waits
//   for completion handles, and joins the workers. It must not run inside an op body. Vars,
//   programs and bulks belong to their engine and must not be used after it.
// Invariants: ENG-1 order, ENG-2 atomic push, ENG-3 program order, ENG-5 exactly once.
// Errors: Push, NewVar, DeleteVar and Stop return a Status; a failed Push has enqueued nothing
//   (ERR-10). The waits throw: the root failure in its original type (WaitForVar), AggregateError
//   (WaitForAll), or a StatusError with kWaitInsideOp or kStaleHandle.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/base/probe.h"
#include "runtime/engine/bulk.h"
#include "runtime/engine/failure/failure.h"
#include "runtime/engine/look/snapshot.h"
#include "runtime/engine/look/tracer.h"
#include "runtime/engine/op.h"
#include "runtime/engine/program.h"
#include "runtime/engine/scope.h"

namespace tenter {

enum class ErrorPolicy {
  kSkipDependents,  // ERR-3: an op with a poisoned input does not run
  kRunDependents,   // ERR-8: it runs all the same; its outputs are poisoned either way
};

enum class StopMode {
  kDrain,   // everything pushed so far runs
  kCancel,  // what has not started yet ends as cancelled
};

struct EngineOptions {
  int workers = 1;  // 0: the naive engine
  // How long a worker without work, and a thread that waits for a var, spins before it sleeps. One
  // worker spins at a time. Long enough for a thread that pushes and waits in turns to find a
  // worker awake; 0 never spins.
  int64_t spin_ns = 30 * kNsPerUs;
  // A worker that slept so long ends; whoever has work for it, for example a push, starts its
  // thread again. One worker stays. 0: all stay.
  int64_t idle_ns = 10 * kNsPerSecond;
  ErrorPolicy error_policy = ErrorPolicy::kSkipDependents;
  bool pin_workers = false;  // worker i stays on the i-th processor that the process may use
  Probe* probe = nullptr;    // borrowed, for the life of the engine
  Tracer* tracer = nullptr;  // borrowed, for the life of the engine; null: no trace
};

// Counters over the life of an engine, and what is alive now.
struct EngineCounts {
  uint64_t pushed = 0;
  uint64_t ran = 0;  // ended after their body was started, failed ones included
  uint64_t failed = 0;
  uint64_t skipped = 0;
  uint64_t cancelled = 0;
  uint64_t live_ops = 0;   // pushed and not ended
  uint64_t live_vars = 0;  // each captured program has one of its own
};

class Engine {
 public:
  virtual ~Engine() = default;

  // A fresh, healthy var. Never blocks. Errors: kStopped, kResourceExhausted.
  virtual Result<Var> NewVar() = 0;

  // Hands `op` over; returns its push number (1, 2, ...). The threaded engine never blocks on
  // another op; the naive engine returns when the op has ended (or, from inside a body, after
  // that body).
  // Errors, with nothing enqueued: kStaleHandle, kStopped, kInvalidArgument (no body),
  // kResourceExhausted.
  virtual Result<uint64_t> Push(Op&& op) = 0;

  // As Push, for a caller whose calls a fork awaits already, so that this engine need not count
  // them for it. REQUIRES: no such call is under way from the step BeforeFork of a fork until its
  // step AfterFork... (runtime/base/fork.h), and the engine was made in this process.
  virtual Result<uint64_t> PushCounted(Op&& op) { return Push(std::move(op)); }

  // Turns recorded pushes into a program; see program.h. Never blocks.
  // Errors: kInvalidArgument, kStopped, kResourceExhausted.
  virtual Result<ProgramPtr> Capture(Recording recording) = 0;

  // Pushes all ops of `program` at once, in `scope` unless that is null; returns the push number of
  // the first. As Push otherwise.
  virtual Result<uint64_t> Replay(const ProgramPtr& program, FailureScope* scope = nullptr) = 0;

  // Groups small ops of the calling thread, up to `most_ops` at a time; see bulk.h. Throws
  // std::bad_alloc.
  virtual std::unique_ptr<Bulk> NewBulk(size_t most_ops = Bulk::kDefaultOps) = 0;

  // Frees `var` after every earlier use; `deleter`, if any, runs then, also when the engine is
  // cancelled. Later use of the handle is kStaleHandle. Never blocks (naive: as Push).
  virtual Status DeleteVar(Var var, std::function<void()> deleter = nullptr) = 0;

  // What a wait is refused with on a thread that runs an op of this engine: kWaitInsideOp, and a
  // message that names `wait`, which is called so, and the op. OK on any other thread. Takes no
  // lock and never blocks.
  virtual Status RefuseInsideOp(const char* wait) const noexcept = 0;

  // Whether the calling thread runs an op of this engine, or is the one that watches its deadlines:
  // there the engine cannot be destroyed, and nobody may wait for its ops. As RefuseInsideOp.
  virtual bool OwnsThisThread() const noexcept = 0;

  // Whether pushes are refused, since Stop was called. Takes no lock and never blocks.
  virtual bool stopping() const noexcept = 0;
  // What Stop(kCancel) cancels, for work that is no op: a stop does not wait for that.
  virtual CancelSource* cancel_source() noexcept = 0;

  // Blocks until every write of `var` pushed before the call has ended, and returns the poison that
  // the last of them left, or null: what WaitForVar throws, as a value.
  // Errors: kWaitInsideOp, kStaleHandle.
  virtual Result<PoisonPtr> AwaitVar(Var var) = 0;

  // As AwaitVar; throws the root failure in its original type, at every call, until the var is
  // healed or deleted (ERR-5).
  void WaitForVar(Var var);

  // Calls `block` once, which blocks until ops have ended, as a wait of this engine: it hands over
  // what bulks hold, and a fork lets the workers go on that the caller waits for. Where the engine
  // refuses a wait, or has no memory for it, `block` is called all the same.
  void WaitThrough(const std::function<void()>& block) noexcept;

  // Blocks until everything pushed before the call has ended, and takes the root failures of ops
  // without a scope that were not taken before: the `most` with the smallest push numbers. What is
  // left comes with the next call (ERR-6). Errors: kWaitInsideOp. Throws std::bad_alloc, with
  // nothing taken.
  virtual Result<FailureReport> AwaitAll(size_t most = std::numeric_limits<size_t>::max()) = 0;

  // As AwaitAll; throws AggregateError when there are failures.
  void WaitForAll();

  // A group of ops with a log, a cancel and a deadline of its own; see scope.h. Never blocks.
  // Errors: kResourceExhausted.
  virtual Result<ScopePtr> NewScope() = 0;

  // Refuses pushes from now on and returns when everything has ended; inside an op body it only
  // starts that. Idempotent; a cancel may follow a drain. A cancel requests the tokens of bodies
  // that run (ERR-12).
  virtual Status Stop(StopMode mode) = 0;

  // What is known about an exception that a wait threw (ERR-7): call it in the catch block with
  // std::current_exception(). Null when it is none of the unreported or last 256 failures.
  virtual FailurePtr FailureOf(const std::exception_ptr& exception) const = 0;

  // The latest root failure, or null.
  virtual FailurePtr LastFailure() const = 0;

  virtual EngineCounts counts() const = 0;

  // Who runs, who waits for which var, and which vars are poisoned. Exact when nothing moves, which
  // is when one asks; never blocks for long.
  virtual EngineSnapshot Snapshot() const = 0;

  // A rougher look, for a signal handler or a watchdog of a process that may be broken: writes text
  // to a file descriptor, and neither waits for a lock nor allocates.
  virtual void DumpTo(int fd) const = 0;

  // The snapshot as text for a person.
  std::string Describe() const { return Snapshot().ToText(); }

 private:
  // As WaitThrough, but that it refuses and throws. Errors: kWaitInsideOp, and `block` was not
  // called. Throws std::bad_alloc, before.
  virtual Status WaitForScope(const std::function<void()>& block) = 0;
};

// The engine that `options` describe. Throws StatusError with kResourceExhausted when a worker
// cannot be started; those that were are joined (ERR-10). REQUIRES: 0 <= workers < 65536.
std::unique_ptr<Engine> MakeEngine(const EngineOptions& options);

}  // namespace tenter
