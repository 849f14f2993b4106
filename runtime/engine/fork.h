// Fork: engines are told before and after the process forks, so that both processes can go on using
// them.
//
// pthread_atfork takes plain functions without an argument, so the list of those who want to know
// is the one global object of the runtime. It holds nothing else and is never destroyed.
//
// Thread safety: every function from any thread; the handlers run on the thread that forks.
// Ownership and lifetime: borrows the members between Join and Leave.
// Invariants: each step is taken by all members before the next, so a body of one may push to
//   another; BeforeFork is followed by exactly one of the last two, in every member.
// Errors: JoinFork throws std::bad_alloc.
#pragma once

namespace tenter {

class ForkMember {
 public:
  // Returns when no op runs on a thread of this engine; none starts there until the fork is over.
  virtual void PauseForFork() {}
  // The same for ops that run on their callers' threads.
  virtual void TakeTurnForFork() {}
  // Returns when no other thread is inside.
  virtual void BeforeFork() = 0;
  virtual void AfterForkInParent() = 0;
  // The calling thread is the only one of this process.
  virtual void AfterForkInChild() = 0;

 protected:
  ForkMember() = default;
  ~ForkMember() = default;
};

// Both block while a fork is under way.
void JoinFork(ForkMember* member);
void LeaveFork(ForkMember* member);

}  // namespace tenter
