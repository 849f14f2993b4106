// FailureScope: a group of ops with a log, a cancel and a deadline of its own (ERR-11).
//
//   ScopePtr scope = engine->NewScope().value();
//   engine->Push({..., .scope = scope.get(), ...});
//   FailureReport report = scope->Await().value();
//
// What fails in a scope is reported to whoever awaits the scope, and never by WaitForAll of the
// engine; with the scope its failures are gone, but for those that poison a var. Dependencies and
// poison do not know scopes: an op that reads what a cancelled op did not write is skipped,
// wherever it was pushed.
//
// Path: Op::scope -> Engine::Push -> the end of the op -> the log of its scope -> Await.
//
// Thread safety: every method from any thread; the destructor after all others.
// Ownership and lifetime: made by an engine, which outlives it; kept by its ScopePtr and its ops.
//   Who drops the ScopePtr waits for nothing: the ops go on, and what they fail with is forgotten.
// Invariants: (1) Cancel touches no op outside of the scope. (2) each failure is reported once, by
//   Await. (3) what an async op or a body does wrong after the op has ended is reported by
//   WaitForAll, since the scope may be gone.
// Errors: Await returns kWaitInsideOp.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>

#include "runtime/base/small_mutex.h"
#include "runtime/engine/cancel.h"
#include "runtime/engine/failure/failure_log.h"
#include "runtime/engine/wait/deadlines.h"

namespace tenter {

// What the scopes of one engine share, and what they need of it.
class ScopeHost {
 public:
  // In the child of a fork: nobody waits. `scope_mutex` was held over the fork.
  void ForgetScopeWaiters();
  Mutex& scope_mutex() RETURN_CAPABILITY(mutex_) { return mutex_; }

 protected:
  ScopeHost() = default;
  ~ScopeHost() = default;

 private:
  friend class FailureScope;
  // Hands over what bulks hold and calls `block`, which blocks until ops have ended. Errors:
  // kWaitInsideOp.
  virtual Status WaitForScope(const std::function<void()>& block) = 0;
  // Calls `look`, which does not block, while no fork can begin.
  virtual void LookAtScope(const std::function<void()>& look) const = 0;

  Mutex mutex_;
  CondVar idle_;
};

class FailureScope;
struct ScopeRelease {
  void operator()(FailureScope* scope) const;
};
using ScopePtr = std::unique_ptr<FailureScope, ScopeRelease>;

class FailureScope {
 public:
  // What Engine::NewScope returns. Errors: kResourceExhausted.
  static Result<ScopePtr> Make(ScopeHost* host, Cancellation* cancellation);
  FailureScope(const FailureScope&) = delete;
  FailureScope& operator=(const FailureScope&) = delete;

  // What has not started ends as cancelled, and the tokens of what has are requested. Ops that are
  // pushed later are cancelled, too.
  void Cancel();
  bool cancelled() const { return cancel_.cancelled(); }

  // As Cancel, when `timeout_ns` nanoseconds have passed; what is cancelled leaves
  // kDeadlineExceeded in what it would have written. REQUIRES: called once at most, timeout_ns > 0.
  // Errors: kResourceExhausted.
  Status SetTimeout(int64_t timeout_ns);

  // Blocks until every op of the scope has ended, also those that are pushed meanwhile, and takes
  // the failures: the `most` with the smallest push numbers; what is left comes with the next call.
  Result<FailureReport> Await(size_t most = std::numeric_limits<size_t>::max());

  // As Await, and forgets the failures with all that is known of them.
  Status Forget();

  // What is known about an exception that a wait threw, as Engine::FailureOf. Null when it is none
  // of the failures that were not taken yet, or of the last that were.
  FailurePtr FailureOf(const std::exception_ptr& exception) const EXCLUDES(mutex_);

  // For engines. Enter comes before an op may end, Leave when it has: nothing of it refers to the
  // scope any more, which may go with it. Enter answers whether somebody waits for the scope; who
  // keeps the ops back must hand them over then, since nobody asks for them again.
  bool Enter(uint64_t ops) { return (live_.FetchAdd(ops, kSeqCst) & kAwaited) != 0; }
  void Leave(uint64_t ops);

  // For whoever pushes ops of this scope and waits for none: holds it from before the first push,
  // and lets it go by CallWhenIdle or Leave(1). True when all ops that were pushed meanwhile have
  // ended. False when not: then `call` is called once, with `arg`, by whoever ends the last of
  // them, or lets the last other Hold go, with no lock held. It may drop the ScopePtr, which stays
  // until then; it must not throw, and must not wait.
  void Hold() { Enter(1); }
  bool CallWhenIdle(void (*call)(void* arg), void* arg);
  // In the child of a fork, before it has a second thread: nobody is called.
  void ForgetCall() { live_.FetchAnd(~kCalls, kRelaxed); }
  // What has failed so far: the `most` with the smallest push numbers. Waits for nothing, also not
  // for a fork. REQUIRES: called by `call` of CallWhenIdle.
  FailureReport Take(size_t most) EXCLUDES(mutex_);

  void Log(FailurePtr failure) EXCLUDES(mutex_);
  CancelSource* cancel_source() { return &cancel_; }
  // The deadlines of scopes, which stay in the child of a fork.
  static const Deadlines::Sort kDeadline;

 private:
  friend struct ScopeRelease;
  static constexpr uint64_t kAwaited = 1ull << 63, kOwned = 1ull << 62, kPassing = 1ull << 61,
                            kCalls = 1ull << 60, kOps = kCalls - 1;
  FailureScope(ScopeHost* host, Cancellation* cancellation)
      : host_(host), cancellation_(cancellation), cancel_(cancellation) {}
  ~FailureScope() = default;
  static void DeadlinePassed(void* owner, void* scope);
  static Deadlines::After AfterDeadline(void* scope);
  void Release();
  Status AwaitIdle() EXCLUDES(host_->mutex_);
  void Sleep() EXCLUDES(host_->mutex_);

  ScopeHost* const host_;
  Cancellation* const cancellation_;
  CancelSource cancel_;
  int64_t deadline_ns_ = 0;             // written by SetTimeout
  void (*when_idle_)(void*) = nullptr;  // written before kCalls is set
  void* when_idle_arg_ = nullptr;
  // The number of ops; kAwaited while somebody waits; kOwned while there is a ScopePtr; kPassing
  // while its deadline cancels it, since a callback may drop the ScopePtr; kCalls while somebody is
  // to be called when no op is left. At zero the scope goes.
  Atomic<uint64_t> live_ = kOwned;
  int waiters_ GUARDED_BY(host_->mutex_) = 0;
  mutable SmallMutex mutex_;
  FailureLog log_ GUARDED_BY(mutex_);
};

// `ops` ops of `scope`, which may be null, have ended.
inline void LeaveScope(FailureScope* scope, uint64_t ops) {
  if (scope != nullptr) scope->Leave(ops);
}

}  // namespace tenter
