// ThreadedEngine and fork: the forking thread stops the workers between two bodies and waits until
// no call is inside, so the child gets a copy of a quiet engine. The child has no workers until its
// first call starts one; the others are started when there is work for them. What was pending goes
// on in both processes, each on its own memory.
#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/threaded/threaded_engine.h"

namespace tenter {

// Of a dormant engine, too: whoever makes its first call after Begin starts a worker that rests at
// once, and one who made it before is seen here.
void ThreadedEngine::PauseForFork() {
  do {
    pause_.Begin();
  } while (!pause_.AwaitAll(dormant() ? WorkerPause::kAllWorkers : Excepted()));
}

// The worker whose body forks goes on.
int ThreadedEngine::Excepted() const {
  if (forked_inside_op_) return WorkerPause::kAllWorkers;
  return workers_.OpOfThisThread() != nullptr ? 1 : 0;
}

void ThreadedEngine::GoOn() {
  {
    MutexLock waking(waking_mutex_);
    pause_.End(dormant_);
  }
  ready_.WakeForMore();  // nobody was started meanwhile
}

// The locks are taken here and let go after the fork, in another function.
void ThreadedEngine::BeforeFork() NO_THREAD_SAFETY_ANALYSIS {
  waking_mutex_.Lock();
  if (dormant_) return;                            // no workers, and a gate that is closed
  static_cast<void>(pause_.AwaitAll(Excepted()));  // one that was started since, and runs nothing
  bulks_.LockAll();
  gate_.Close();
  LockForFork();
}

void ThreadedEngine::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS {
  if (!dormant_) {
    UnlockAfterFork();
    gate_.Open();
  }
  waking_mutex_.Unlock();
}

void ThreadedEngine::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  if (dormant_)
    pause_.EndInChild();
  else
    ForgetThreads();
  dormant_ = true;
  gate_.OpenInChild();
  waking_mutex_.Unlock();
}

bool ThreadedEngine::dormant() {
  MutexLock lock(waking_mutex_);
  return dormant_;
}

void ThreadedEngine::ForgetThreads() {
  // Threads that wait exist in the parent only: their traces in queues and condition variables go.
  UnlockAfterFork();
  dependencies_.ForgetWaiters();
  epochs_.ForgetWaiters();
  ForgetScopeWaiters();
  cancellation_.ForgetThreads();
  deadlines_.ForgetThread(&FailureScope::kDeadline);
  ready_.parking().ForgetWorkers();
  async_.handles().ForgetThreads();
  pause_.ForgetThreads();
  forked_inside_op_ |= workers_.Forget();
  // The body that forked goes on in the child, on a thread that is no worker: nobody could end it.
  if (forked_inside_op_) epochs_.Close();
}

// The first call in the child of a fork; the gate is closed.
void ThreadedEngine::StartAgain() {
  MutexLock lock(waking_mutex_);
  if (!forked_inside_op_) StartFirstWorker();
  dormant_ = false;
  gate_.Open();
}

void ThreadedEngine::StartFirstWorker() {
  FailLostOps();                               // first, while nothing runs that was not lost
  static_cast<void>(deadlines_.StartAgain());  // or the next deadline does
  const Status started = workers_.Start(0);
  TENTER_CHECK(started.ok(), "after a fork: " + started.ToString());
  if (!pause_.pausing()) ready_.parking().Release();  // else GoOn does
  ready_.WakeForMore();
}

// The threads of the parent that held completions are not here.
void ThreadedEngine::FailLostOps() {
  async_.LoseHandles();
  // Linked as ready ops are, which these are not: there may be no memory for a list of them.
  Runnable* under_way = nullptr;
  const auto collect = [&](PendingOp* op) {
    if (op->phase.Load(kRelaxed) != PendingOp::Phase::kRunning) return;
    op->next_ready.Store(under_way, kRelaxed);
    under_way = op;
  };
  pool_.ForEach([&](const PendingOp& const_op) {
    auto* op = const_cast<PendingOp*>(&const_op);
    if (op->role == PendingOp::Role::kSingle) collect(op);
    if (op->role == PendingOp::Role::kReplay &&
        op->phase.Load(kRelaxed) == PendingOp::Phase::kRunning)
      Replays::ForEachNode(*op, collect);
  });
  while (under_way != nullptr) {
    auto* const op = static_cast<PendingOp*>(under_way);
    under_way = op->next_ready.Load(kRelaxed);
    async_.FailLost(op);
  }
}

// What threads hold that are neither workers nor inside the gate; let go in another function.
void ThreadedEngine::LockForFork() NO_THREAD_SAFETY_ANALYSIS {
  pause_.mutex().Lock();
  async_.handles().mutex().Lock();
  epochs_.mutex().Lock();
  scope_mutex().Lock();
  cancellation_.mutex.Lock();
  deadlines_.mutex().Lock();
  programs_.mutex().Lock();
}

// Taken by LockForFork, and by OpenBulks::LockAll.
void ThreadedEngine::UnlockAfterFork() NO_THREAD_SAFETY_ANALYSIS {
  programs_.mutex().Unlock();
  deadlines_.mutex().Unlock();
  cancellation_.mutex.Unlock();
  scope_mutex().Unlock();
  epochs_.mutex().Unlock();
  async_.handles().mutex().Unlock();
  pause_.mutex().Unlock();
  bulks_.UnlockAll();
}

}  // namespace tenter
