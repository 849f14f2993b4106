// Callers: which calls are inside a cached op now. Once it is closed no other call gets in, and its
// destructor can wait until the last one has left.
//
//   every call, and every request that outlives its call: Enter ... Leave
//   whoever frees the op: Close, AwaitAsked
//   destructor: Close, AwaitNobody
//   child of a fork: only the calls of the thread that forked are inside
//
// LOCK ORDER: Callers::mutex_ is a leaf.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: owned by the cached op; borrows each Caller, which lives in the frame of
//   its call or in its request, between Enter and Leave.
// Invariants: a caller is in the list from Enter to Leave, and touches nothing of the cached op
//   after that.
// Errors: the constructor throws std::bad_alloc.
#pragma once

#include <cstdint>

#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"
#include "runtime/engine/scope.h"

namespace tenter {

// One call that is inside.
struct Caller {
  uint64_t thread = 0;  // the key of its thread; 0: none waits for it
  uint64_t request = 0;
  FailureScope* scope = nullptr;  // of its ops, where it can be cancelled
  uint64_t answered_on = 0;       // the key of the thread that gives its answer
  // It is in the list no longer, and must not touch it: the process has forked, or the list is
  // gone.
  bool forgotten = false;
  Caller* before = nullptr;
  Caller* after = nullptr;
};

class Callers final : public ForkMember {
 public:
  Callers() { JoinFork(this); }
  ~Callers() { LeaveFork(this); }
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;

  enum class Answer { kEntered, kClosed, kInUse };

  // With `alone` it answers kInUse while somebody else is inside. REQUIRES: not inside.
  Answer Enter(Caller* caller, bool alone) EXCLUDES(mutex_);
  // REQUIRES: entered. The scope must be taken out again before it goes.
  void SetScope(Caller* caller, FailureScope* scope) EXCLUDES(mutex_);
  // Cancels the request of this number; does nothing when none that could be cancelled is inside.
  void Cancel(uint64_t request) EXCLUDES(mutex_);
  // REQUIRES: entered, and not forgotten.
  void Leave(Caller* caller) EXCLUDES(mutex_);
  // The calling thread gives its answer, in which it may destroy the list. REQUIRES: as Leave.
  void Answers(Caller* caller) EXCLUDES(mutex_);

  // Later calls of Enter answer kClosed.
  void Close() EXCLUDES(mutex_);
  // Blocks until all of whom no thread waits have their answers, but for those whose answer the
  // calling thread gives. REQUIRES: closed.
  void AwaitAsked() EXCLUDES(mutex_);
  // Blocks until nobody is inside but those whose answer the calling thread gives, further down its
  // stack: those are forgotten. REQUIRES: closed.
  void AwaitNobody() EXCLUDES(mutex_);

  bool closed() const EXCLUDES(mutex_);

  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

 private:
  void Add(Caller* caller) REQUIRES(mutex_);
  void Remove(Caller* caller) REQUIRES(mutex_);
  // Whether one is inside whose answer the calling thread does not give; of those whom no thread
  // waits for, where `asked`.
  bool SomebodyElse(bool asked) const REQUIRES(mutex_);

  mutable Mutex mutex_;
  CondVar left_;
  Caller* first_ GUARDED_BY(mutex_) = nullptr;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace tenter
