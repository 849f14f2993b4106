#include "runtime/engine/deadlines.h"

#include <new>

#include "runtime/base/clock.h"

namespace tenter {

Status Deadlines::Start() {
  MutexLock lock(mutex_);
  if (started_) return {};
  TENTER_RETURN_IF_ERROR(thread_.Start("tenter-timer", [this] { Loop(); }));
  started_ = true;
  return {};
}

void Deadlines::Add(PendingOp* op) {
  MutexLock lock(mutex_);
  ops_.emplace(op->deadline_ns, op);
  changed_.NotifyOne();
}

bool Deadlines::Remove(PendingOp* op) {
  MutexLock lock(mutex_);
  return ops_.erase({op->deadline_ns, op}) > 0;
}

void Deadlines::ForgetThread() {
  MutexLock lock(mutex_);
  new (&changed_) CondVar;
  new (&thread_) Thread;
  started_ = false;
  ops_.clear();  // their handles are lost, and they fail
}

void Deadlines::Close() {
  {
    MutexLock lock(mutex_);
    closing_ = true;
    changed_.NotifyOne();
  }
  thread_.Join();
}

void Deadlines::Loop() {
  while (true) {
    PendingOp* op = nullptr;
    {
      MutexLock lock(mutex_);
      while (op == nullptr) {
        if (closing_) return;
        const int64_t now = NowNs();
        if (ops_.empty()) {
          changed_.Wait(mutex_);
        } else if (ops_.begin()->first > now) {
          changed_.WaitFor(mutex_, ops_.begin()->first - now);
        } else {
          op = ops_.begin()->second;
          ops_.erase(ops_.begin());
        }
      }
    }
    passed_(op);
  }
}

}  // namespace tenter
