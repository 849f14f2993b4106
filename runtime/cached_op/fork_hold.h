// ForkHold: sections during which the process must not fork. Whoever makes a kernel holds locks
// inside the kernel library; a child that was forked then could never take them.
//
//   section: Scope ... ~Scope        fork: nobody gets in, the last one leaves, (fork), go on
//
// LOCK ORDER: ForkHold::mutex_ is a leaf.
//
// Thread safety: scopes on any thread; the fork protocol as in fork.h.
// Ownership and lifetime: outlives its scopes.
// Invariants: nobody is inside while the process forks, so nobody is inside in a child.
// Errors: the constructor throws std::bad_alloc.
#pragma once

#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"

namespace tenter {

class ForkHold final : public ForkMember {
 public:
  ForkHold() { JoinFork(this); }
  ~ForkHold() { LeaveFork(this); }
  ForkHold(const ForkHold&) = delete;
  ForkHold& operator=(const ForkHold&) = delete;

  // Blocks while the process forks. A thread inside must not fork, and must not wait for an op: the
  // fork may have stopped its worker.
  class Scope {
   public:
    explicit Scope(ForkHold& hold) : hold_(hold) { hold_.Enter(); }
    ~Scope() { hold_.Leave(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    ForkHold& hold_;
  };

  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

 private:
  void Enter() EXCLUDES(mutex_);
  void Leave() EXCLUDES(mutex_);

  Mutex mutex_;
  CondVar changed_;
  int inside_ GUARDED_BY(mutex_) = 0;
  bool forking_ GUARDED_BY(mutex_) = false;
};

}  // namespace tenter
