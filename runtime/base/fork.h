// Fork: objects with locks or threads are told before and after the process forks, so that both
// processes can go on using them.
//
//   PauseForFork, TakeTurnForFork    every member; those that join meanwhile, too. May take as long
//                                    as a body of an op, which may push to any member, wait for
//                                    another one, create and destroy them
//   BeforeFork                       every member; from here on nobody joins or leaves
//   (fork)
//   parent: AfterForkInParent, GiveTurnBack, GoOn        child: AfterForkInChild
//
// pthread_atfork takes plain functions without an argument, so the list of those who want to know
// is the one global object of the runtime. It holds nothing else and is never destroyed.
//
// Thread safety: JoinFork and LeaveFork from any thread; the steps are taken by the thread that
//   forks, but for the last two, which a thread takes that leaves in the middle.
// Ownership and lifetime: borrows the members between JoinFork and LeaveFork.
// Invariants: (1) each step is taken by all members before the next, so a body of one may push to
//   another. (2) no lock is held over the first two steps. (3) a member that a body waits for
//   meanwhile runs on, and is paused again later; turns are given back before, since its own bodies
//   may need them. (4) what a step did is undone exactly once.
// Errors: JoinFork throws std::bad_alloc.
#pragma once

namespace tenter {

class ForkMember {
 public:
  // Returns when no op runs on a thread of this member; none starts there before GoOn.
  virtual void PauseForFork() {}
  virtual void GoOn() {}
  // False when this member runs again, because a body waits for it.
  virtual bool StillPaused() const { return true; }
  // The same for ops that run on their callers' threads.
  virtual void TakeTurnForFork() {}
  virtual void GiveTurnBack() {}
  // Returns when no other thread is inside: takes every lock that one may hold. Ops do not run.
  virtual void BeforeFork() = 0;
  virtual void AfterForkInParent() = 0;
  // Undoes all steps. The calling thread is the only one of this process.
  virtual void AfterForkInChild() = 0;

  // Whether an op of this member runs on the calling thread.
  virtual bool RunsOpOnThisThread() const { return false; }

 protected:
  ForkMember() = default;
  ~ForkMember() = default;
};

// Both block while the process is copied, and LeaveFork while a step of this member is taken; they
// do not wait for ops that others run.
void JoinFork(ForkMember* member);
void LeaveFork(ForkMember* member);

// Whether an op of any member runs on the calling thread: then a fork waits for this thread.
bool ForkWaitsForThisThread();

}  // namespace tenter
