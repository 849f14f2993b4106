// ThreadedEngine and fork: the forking thread stops the workers between two bodies and waits until
// no call is inside, so the child gets a copy of a quiet engine. The child has no workers until its
// first call starts one; the others are started when there is work for them. What was pending goes
// on in both processes, each on its own memory.
#include <new>

#include "runtime/engine/threaded_bulk.h"
#include "runtime/engine/threaded_engine.h"

namespace tenter {

// A dormant engine has no workers to pause, and its gate is closed.
void ThreadedEngine::PauseForFork() NO_THREAD_SAFETY_ANALYSIS {
  waking_mutex_.Lock();
  if (!dormant_) PauseWorkers();
}

void ThreadedEngine::BeforeFork() NO_THREAD_SAFETY_ANALYSIS {
  if (dormant_) return;
  LockBulks();
  gate_.Close();
  LockForFork();
}

void ThreadedEngine::AfterForkInParent() NO_THREAD_SAFETY_ANALYSIS {
  if (!dormant_) {
    UnlockAfterFork();
    gate_.Open();
    ResumeWorkers();
  }
  waking_mutex_.Unlock();
}

void ThreadedEngine::AfterForkInChild() NO_THREAD_SAFETY_ANALYSIS {
  if (!dormant_) ForgetThreads();
  dormant_ = true;
  gate_.OpenInChild();
  waking_mutex_.Unlock();
}

void ThreadedEngine::ForgetThreads() {
  // Threads that wait exist in the parent only: their traces in queues and condition variables go.
  UnlockAfterFork();
  for (uint32_t index = 0; index < vars_.size(); ++index) {
    SmallMutexLock lock(vars_.Slot(index).mutex);
    vars_.Slot(index).queue.RemoveWaits();
  }
  epochs_.ForgetWaiters();
  deadlines_.ForgetThread();
  parking_.ForgetWorkers();
  new (&handles_gone_) CondVar;
  new (&pause_changed_) CondVar;
  {
    MutexLock lock(pause_mutex_);
    pausing_.Store(false, kSeqCst);
    paused_ = 0;
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
  FailLostHandles();  // first, while nothing runs that was not lost
  const Status started = StartWorker(0);
  TENTER_CHECK(started.ok(), "after a fork: " + started.ToString());
  parking_.Release();
  if (MoreToTake()) parking_.NotifyOne();
}

// The completion of an async op that was under way may be held by a thread of the parent, and then
// never comes here. A handle that this thread holds is late, which is no error.
void ThreadedEngine::FailLostHandles() {
  {
    MutexLock lock(handles_mutex_);
    handles_lost_ = handles_alive_;
  }
  std::vector<PendingOp*> lost;
  pool_.ForEach([&](const PendingOp& const_op) {
    auto* op = const_cast<PendingOp*>(&const_op);
    if (op->phase.Load(kRelaxed) != PendingOp::Phase::kRunning) return;
    if (op->role != PendingOp::Role::kReplay) return LookAtAsync(op, &lost);
    for (const auto& node : op->program->nodes_) LookAtAsync(node.get(), &lost);
  });
  for (PendingOp* op : lost)
    if ((op->bits.FetchOr(PendingOp::kClaimed, kAcqRel) & PendingOp::kClaimed) == 0) {
      static_cast<void>(End(op,
                            {.place = FailurePlace::kDropped,
                             .thrown = Thrown::FromStatus(
                                 {StatusCode::kCompletionDropped, "completion lost by a fork"})},
                            kOutside));
      Release(op, PendingOp::kOpen);
    }
}

void ThreadedEngine::LookAtAsync(PendingOp* op, std::vector<PendingOp*>* lost) const {
  const uint32_t bits = op->bits.Load(kRelaxed);
  if (op->phase.Load(kRelaxed) == PendingOp::Phase::kRunning && (bits & PendingOp::kOpen) != 0 &&
      (bits & PendingOp::kHandleAlive) != 0)
    lost->push_back(op);
}

void ThreadedEngine::PauseWorkers() {
  const int myself = OpOfThisThread() != nullptr ? 1 : 0;  // a body that forks goes on
  MutexLock lock(pause_mutex_);
  pausing_.Store(true, kSeqCst);
  const int others = forked_inside_op_ ? 0 : parking_.Hold() - myself;
  while (paused_ < others) pause_changed_.Wait(pause_mutex_);
}

void ThreadedEngine::ResumeWorkers() {
  {
    MutexLock lock(pause_mutex_);
    pausing_.Store(false, kSeqCst);
    parking_.Release();
    pause_changed_.NotifyAll();
  }
  if (MoreToTake()) parking_.NotifyOne();  // nobody was started meanwhile
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
  deadlines_.mutex().Lock();
  programs_.mutex().Lock();
}

void ThreadedEngine::UnlockAfterFork() NO_THREAD_SAFETY_ANALYSIS {
  programs_.mutex().Unlock();
  deadlines_.mutex().Unlock();
  epochs_.mutex().Unlock();
  handles_mutex_.Unlock();
  pause_mutex_.Unlock();
  for (ThreadedBulk* bulk : bulks_) bulk->mutex().Unlock();
  bulks_mutex_.Unlock();
}

}  // namespace tenter
