// ThreadedEngine and fork: the forking thread stops the workers between two bodies and waits until
// no call is inside, so the child gets a copy of a quiet engine. The child has no workers until its
// first call starts one; the others are started when there is work for them. What was pending goes
// on in both processes, each on its own memory.
#include <new>

#include "runtime/engine/pending/push_rules.h"
#include "runtime/engine/threaded/threaded_bulk.h"
#include "runtime/engine/threaded/threaded_engine.h"

namespace tenter {

// Of a dormant engine, too: whoever calls it meanwhile starts a worker, which then pauses at once.
// Runs on while bodies wait here, for which the fork waits in turn.
void ThreadedEngine::PauseForFork() {
  const bool no_workers = dormant();
  MutexLock lock(pause_mutex_);
  do {
    while (waiting_bodies_ > 0) pause_changed_.Wait(pause_mutex_);
    pausing_.Store(true, kSeqCst);
    if (!no_workers) AwaitPaused();
  } while (!pausing_.Load(kSeqCst));
}

void ThreadedEngine::GoOn() {
  {
    MutexLock waking(waking_mutex_);
    MutexLock lock(pause_mutex_);
    EndPause(dormant_);
  }
  if (MoreToTake()) parking_.NotifyOne();  // nobody was started meanwhile
}

void ThreadedEngine::EndPause(bool no_workers) {
  pausing_.Store(false, kSeqCst);
  if (!no_workers) parking_.Release();
  pause_changed_.NotifyAll();
}

// While it exists, a fork does not pause the engine: the body of another engine, for whose end the
// fork waits, waits for what is done here.
ThreadedEngine::WaitInBody::WaitInBody(ThreadedEngine* engine)
    : engine_(ForkWaitsForThisThread() ? engine : nullptr) {
  if (engine_ == nullptr) return;
  {
    MutexLock lock(engine_->pause_mutex_);
    ++engine_->waiting_bodies_;
    if (!engine_->pausing_.Load(kSeqCst)) return;
    engine_->EndPause(/*no_workers=*/false);  // whoever waits has woken the engine
  }
  if (engine_->MoreToTake()) engine_->parking_.NotifyOne();
}

ThreadedEngine::WaitInBody::~WaitInBody() {
  if (engine_ == nullptr) return;
  MutexLock lock(engine_->pause_mutex_);
  --engine_->waiting_bodies_;
  engine_->pause_changed_.NotifyAll();
}

// The locks are taken here and let go after the fork, in another function.
void ThreadedEngine::BeforeFork() NO_THREAD_SAFETY_ANALYSIS {
  waking_mutex_.Lock();
  if (dormant_) return;  // no workers, and a gate that is closed
  {
    MutexLock lock(pause_mutex_);
    AwaitPaused();  // a worker that was started since the pause, and runs nothing
  }
  LockBulks();
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
    pausing_.Store(false, kSeqCst);
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
  for (uint32_t index = 0; index < vars_.size(); ++index) {
    SmallMutexLock lock(vars_.Slot(index).mutex);
    vars_.Slot(index).queue.RemoveWaits();
  }
  epochs_.ForgetWaiters();
  ForgetScopeWaiters();
  cancellation_.ForgetThreads();
  deadlines_.ForgetThread(&FailureScope::DeadlinePassed);
  parking_.ForgetWorkers();
  new (&handles_gone_) CondVar;
  new (&pause_changed_) CondVar;
  {
    MutexLock lock(pause_mutex_);
    pausing_.Store(false, kSeqCst);
    paused_ = 0;
    waiting_bodies_ = 0;
  }
  for (int i = 0; i < worker_count_; ++i) {
    new (&threads_[i]) Thread;  // the thread is not there to be joined
    new (&former_threads_[i]) Thread;
    workers_[i].thread.Store(0, kRelaxed);
    forked_inside_op_ |= workers_[i].running.Exchange(nullptr, kRelaxed) != nullptr;
  }
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
  FailLostHandles();                           // first, while nothing runs that was not lost
  static_cast<void>(deadlines_.StartAgain());  // or the next deadline does
  const Status started = StartWorker(0);
  TENTER_CHECK(started.ok(), "after a fork: " + started.ToString());
  if (!pausing_.Load(kSeqCst)) parking_.Release();  // else GoOn does
  if (MoreToTake()) parking_.NotifyOne();
}

// The completion of an async op that was under way may be held by a thread of the parent, and then
// never comes here. A handle that this thread holds is late, which is no error. Nor does the
// deadline pass that the thread of the parent was told of.
void ThreadedEngine::FailLostHandles() {
  {
    MutexLock lock(handles_mutex_);
    handles_lost_ = handles_alive_;
  }
  std::vector<PendingOp*> under_way;
  pool_.ForEach([&](const PendingOp& const_op) {
    auto* op = const_cast<PendingOp*>(&const_op);
    if (op->phase.Load(kRelaxed) != PendingOp::Phase::kRunning) return;
    if (op->role == PendingOp::Role::kSingle) under_way.push_back(op);
    if (op->role != PendingOp::Role::kReplay) return;
    for (const auto& node : op->program->nodes_)
      if (node->phase.Load(kRelaxed) == PendingOp::Phase::kRunning) under_way.push_back(node.get());
  });
  for (PendingOp* op : under_way) FailLostHandle(op);
}

void ThreadedEngine::FailLostHandle(PendingOp* op) {
  const uint32_t bits = op->bits.Load(kRelaxed);
  uint32_t users = bits & PendingOp::kTimed;
  if ((bits & PendingOp::kOpen) != 0 && (bits & PendingOp::kHandleAlive) != 0 &&
      (op->bits.FetchOr(PendingOp::kClaimed, kAcqRel) & PendingOp::kClaimed) == 0) {
    static_cast<void>(
        End(op, {.place = FailurePlace::kDropped, .thrown = CompletionLostByFork()}, kOutside));
    users |= PendingOp::kOpen | PendingOp::kTimed;
  }
  if (users != 0) Release(op, users);
}

// Blocks until every worker is between two bodies, and stays there; or until the pause was ended.
void ThreadedEngine::AwaitPaused() {
  const int myself = OpOfThisThread() != nullptr ? 1 : 0;  // a body that forks goes on
  const int others = forked_inside_op_ ? 0 : parking_.Hold() - myself;
  while (paused_ < others && pausing_.Load(kSeqCst)) pause_changed_.Wait(pause_mutex_);
}

// A worker between two bodies.
void ThreadedEngine::Pause() {
  MutexLock lock(pause_mutex_);
  ++paused_;
  pause_changed_.NotifyAll();
  while (pausing_.Load(kSeqCst)) pause_changed_.Wait(pause_mutex_);
  --paused_;
}

// Whoever pushes into a bulk holds its lock, outside of the gate. Bodies have ended, so nobody who
// holds one waits for a worker.
void ThreadedEngine::LockBulks() NO_THREAD_SAFETY_ANALYSIS {
  bulks_mutex_.Lock();
  for (ThreadedBulk* bulk : bulks_) bulk->mutex().Lock();
}

// What threads hold that are neither workers nor inside the gate.
void ThreadedEngine::LockForFork() NO_THREAD_SAFETY_ANALYSIS {
  pause_mutex_.Lock();
  handles_mutex_.Lock();
  epochs_.mutex().Lock();
  scope_mutex().Lock();
  cancellation_.mutex.Lock();
  deadlines_.mutex().Lock();
  programs_.mutex().Lock();
}

void ThreadedEngine::UnlockAfterFork() NO_THREAD_SAFETY_ANALYSIS {
  programs_.mutex().Unlock();
  deadlines_.mutex().Unlock();
  cancellation_.mutex.Unlock();
  scope_mutex().Unlock();
  epochs_.mutex().Unlock();
  handles_mutex_.Unlock();
  pause_mutex_.Unlock();
  for (ThreadedBulk* bulk : bulks_) bulk->mutex().Unlock();
  bulks_mutex_.Unlock();
}

}  // namespace tenter
