#include "runtime/engine/fork/worker_pause.h"

#include <new>

#include "runtime/base/fork.h"

namespace tenter {

void WorkerPause::Begin() {
  MutexLock lock(mutex_);
  while (waiting_bodies_ > 0) changed_.Wait(mutex_);
  pausing_.Store(true, kSeqCst);
}

bool WorkerPause::AwaitAll(int excepted) {
  MutexLock lock(mutex_);
  // Held only while the pause lasts, since nobody else would release them.
  if (!pausing_.Load(kSeqCst) || excepted == kAllWorkers) return pausing_.Load(kSeqCst);
  const int others = ready_->parking().Hold() - excepted;
  while (resting_ < others && pausing_.Load(kSeqCst)) changed_.Wait(mutex_);
  return pausing_.Load(kSeqCst);
}

void WorkerPause::End(bool no_workers) {
  MutexLock lock(mutex_);
  EndNow(no_workers);
}

void WorkerPause::EndNow(bool no_workers) {
  pausing_.Store(false, kSeqCst);
  if (!no_workers) ready_->parking().Release();
  changed_.NotifyAll();
}

void WorkerPause::Rest() {
  MutexLock lock(mutex_);
  ++resting_;
  changed_.NotifyAll();
  while (pausing_.Load(kSeqCst)) changed_.Wait(mutex_);
  --resting_;
}

void WorkerPause::ForgetThreads() {
  new (&changed_) CondVar;
  MutexLock lock(mutex_);
  pausing_.Store(false, kSeqCst);
  resting_ = 0;
  waiting_bodies_ = 0;
}

WaitInBody::WaitInBody(WorkerPause* pause) : pause_(ForkWaitsForThisThread() ? pause : nullptr) {
  if (pause_ == nullptr) return;
  {
    MutexLock lock(pause_->mutex_);
    ++pause_->waiting_bodies_;
    if (!pause_->pausing_.Load(kSeqCst)) return;
    pause_->EndNow(/*no_workers=*/false);  // whoever waits has woken the engine
  }
  pause_->ready_->WakeForMore();
}

WaitInBody::~WaitInBody() {
  if (pause_ == nullptr) return;
  MutexLock lock(pause_->mutex_);
  --pause_->waiting_bodies_;
  pause_->changed_.NotifyAll();
}

}  // namespace tenter
