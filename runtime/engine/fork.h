// Fork: engines are told before and after the process forks, so that both processes can go on using
// them.
//
// pthread_atfork takes plain functions without an argument, so the list of those who want to know
// is the one global object of the runtime. It holds nothing else and is never destroyed.
//
// Thread safety: every function from any thread; the handlers run on the thread that forks.
// Ownership and lifetime: borrows the members between Join and Leave.
// Invariants: BeforeFork is followed by exactly one of both others, in every member.
// Errors: none.
#pragma once

namespace tenter {

class ForkMember {
 public:
  // Stops everything; returns when no other thread is inside.
  virtual void BeforeFork() = 0;
  virtual void AfterForkInParent() = 0;
  // The calling thread is the only one of this process.
  virtual void AfterForkInChild() = 0;

 protected:
  ForkMember() = default;
  ~ForkMember() = default;
};

void JoinFork(ForkMember* member);
void LeaveFork(ForkMember* member);

}  // namespace tenter
